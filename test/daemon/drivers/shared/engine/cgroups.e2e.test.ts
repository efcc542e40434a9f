/** Limits of software encoders: what the kernel is told, and what is said where it cannot be. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Cgroups } from "../../../../../daemon/drivers/shared/engine/cgroups.ts";
import { aSite, generous, output } from "./a-site.ts";

/**
 * A folder like that of a unit with processes 41 and 42, for a machine whose own groups are not ours
 * (the real ones are in test/systemd). Files that the kernel would make are made before.
 */
function aUnit(controllers: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "cgroup-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const proc = join(folder, "proc");
  const base = join(folder, "fs", "understudy.service");
  for (const path of [proc, join(base, "others"), join(base, "a.stream-1")])
    mkdirSync(path, { recursive: true });
  writeFileSync(join(proc, "cgroup"), "9:name=systemd:/\n0::/understudy.service\n");
  const mount = `30 1 0:26 / ${join(folder, "fs")} rw,nosuid - cgroup2 cgroup2 rw\n`;
  writeFileSync(join(proc, "mountinfo"), `29 1 0:25 / / rw - ext4 /dev/vda rw\n${mount}`);
  const files = { cpu: ["cpu.weight", "cpu.max"], memory: ["memory.high"] };
  for (const [controller, names] of Object.entries(files))
    if (controllers.includes(controller))
      for (const name of names) writeFileSync(join(base, "a.stream-1", name), "");
  for (const path of ["cgroup.subtree_control", "others/cgroup.procs", "a.stream-1/cgroup.procs"])
    writeFileSync(join(base, path), "");
  // The kernel's list would get shorter with each that is moved; this one is read as empty.
  writeFileSync(join(base, "cgroup.procs"), "");
  return { proc, read: (path: string) => readFileSync(join(base, path), "utf8") };
}
const limits = { cpuWeight: 50, cpuCores: 1.5, memoryBytes: 2 ** 29 };

test("the kernel is told each limit, and what is left out of the configuration is no limit any more", () => {
  const unit = aUnit(["cpu", "memory"]);
  const cgroups = new Cgroups(true, unit.proc);
  expect(cgroups.group("a.stream-1", limits)).toMatchObject({ lacks: undefined, nice: 0 });
  const files = () =>
    ["cpu.weight", "cpu.max", "memory.high"].map((f) => unit.read(`a.stream-1/${f}`));
  expect(files()).toEqual(["50", "150000 100000", String(2 ** 29)]);
  for (const file of ["cpu.weight", "cpu.max", "memory.high"])
    writeFileSync(join(unit.proc, "../fs/understudy.service/a.stream-1", file), "");
  expect(cgroups.group("a.stream-1", { nice: 3 })).toMatchObject({ lacks: undefined, nice: 3 });
  expect(files()).toEqual(["100", "max 100000", "max"]);
});

test("a limit that the kernel does not take is named, and the processor is asked for less politely", () => {
  const unit = aUnit(["memory"]);
  const group = new Cgroups(true, unit.proc).group("a.stream-1", limits);
  expect(group.lacks).toBe(
    "its limits of cpu are not kept: the kernel does not give these to its group; it is started with nice 5",
  );
  expect(unit.read("a.stream-1/memory.high")).toBe(String(2 ** 29));
});

test("nothing is handed out where nobody is limited, and figures stand only where a process was put", async () => {
  const unit = aUnit(["cpu", "memory"]);
  const group = new Cgroups(true, unit.proc).group("a.stream-1");
  expect(unit.read("cgroup.subtree_control")).toBe("");
  expect(group.holds(41)).toBeUndefined();
  await group.place(41);
  expect(unit.read("a.stream-1/cgroup.procs")).toBe("41");
  expect(group.holds(41)).toContain("a.stream-1");
  expect(group.holds(42)).toBeUndefined();
});

test("without a group of its own a limited encoder says so, runs at lower priority, and runs", async () => {
  const picture = { width: 64, height: 64, framesPerSecond: 10 };
  const site = await aSite("ffmpeg", {
    ...{ input: { kind: "testPattern", ...picture }, audio: { codec: "none" } },
    ...{ video: { ...picture, preset: "ultrafast", threads: 1 }, limits: { cpuWeight: 50 } },
  });
  const { driver, moving } = await site.open();
  await driver.startOutput(output, site.target(), generous());
  await moving();
  const { alarms = [] } = await driver.poll(generous());
  expect(alarms).toContain(
    "its limits of cpu are not kept: the daemon was given no control group (Delegate= of its unit); it is started with nice 5",
  );
  const [, pid] = readFileSync(join(site.folder, "pid"), "utf8").split(" ").map(Number);
  expect(getPriority(pid)).toBe(Math.min(19, getPriority() + 5));
  await driver.stopOutput(output, true, generous());
});
