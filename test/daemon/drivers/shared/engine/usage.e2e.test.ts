/** What processes of known appetite take of this host, as an engine would tell it. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parseStat } from "../../../../../daemon/drivers/shared/engine/processes.ts";
import { ProcessUsage, usageFigures } from "../../../../../daemon/drivers/shared/engine/usage.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Node that holds so much memory, and computes all the time or never. */
async function aProcess({ busy, mebibytes }: { busy: boolean; mebibytes: number }) {
  const work = busy ? "for (;;);" : "setInterval(() => 0, 1000);";
  const script = `const held = Buffer.alloc(${mebibytes} << 20, 1); console.log(held.length); ${work}`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const { startTicks } = parseStat(readFileSync(`/proc/${child.pid}/stat`, "latin1"))!;
  return { child, id: { pid: child.pid!, startTicks } };
}

/** The processor time that the kernel says it had, over that of all processors together. */
async function over(seconds: number, id: { pid: number; startTicks: number }) {
  const usage = new ProcessUsage();
  const before = performance.now();
  const first = usage.now(id, before);
  await pause(seconds * 1_000);
  // Looked at before 5 s are over: the look is not made.
  const early = usage.now(id, before + 4_999);
  const second = usage.now(id, performance.now());
  return { first, early, second };
}

test("a process that computes all the time takes at most one processor's share, one that waits none", async () => {
  const busy = await aProcess({ busy: true, mebibytes: 200 });
  const idle = await aProcess({ busy: false, mebibytes: 1 });
  const [worked, waited] = await Promise.all([over(6, busy.id), over(6, idle.id)]);
  expect(worked.first.cpuUsageRatio).toBeUndefined();
  expect(worked.early).toEqual(worked.first);
  // Others want the processors, too: less than a whole one is possible, more is not.
  const whole = 1 / cpus().length;
  expect(worked.second.cpuUsageRatio).toBeGreaterThan(0.1 * whole);
  expect(worked.second.cpuUsageRatio).toBeLessThanOrEqual(1.05 * whole + 0.01);
  expect(waited.second.cpuUsageRatio).toBeLessThan(0.05);
  const held = (200 * 2 ** 20) / totalmem();
  expect(worked.second.memoryUsageRatio).toBeGreaterThanOrEqual(held - 0.01);
  expect(worked.second.memoryUsageRatio).toBeLessThan(held + 0.1);

  const both = usageFigures([worked, waited].map(({ second }) => ({ usage: () => second })));
  expect(both.cpuUsageRatio?.value).toBeGreaterThanOrEqual(worked.second.cpuUsageRatio!);
  expect(both.cpuUsageRatio?.source).toBe("/proc");
});

test("what a process has started counts with it, and disks are told in bytes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "usage-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // A shell holds next to nothing: it is its child that holds 150 MiB.
  const script =
    "const held = Buffer.alloc(150 << 20, 1); console.log(held.length); setInterval(() => 0, 1e3)";
  const child = spawn("/bin/sh", ["-c", `"${process.execPath}" -e '${script}' & echo $!; wait`]);
  const lines: string[] = [];
  child.stdout.on("data", (part: Buffer) =>
    lines.push(...part.toString().split("\n").filter(Boolean)),
  );
  onTestFinished(() => {
    child.kill("SIGKILL");
    process.kill(Number(lines[0]), "SIGKILL");
  });
  await expect.poll(() => lines.length).toBe(2);
  const { startTicks } = parseStat(readFileSync(`/proc/${child.pid}/stat`, "latin1"))!;
  const usage = new ProcessUsage().now({ pid: child.pid!, startTicks }, 0);
  expect(usage.memoryBytes).toBeGreaterThan(150 * 2 ** 20);
  expect(usage.cpuSeconds).toBeGreaterThan(0);
  expect([usage.ioReadBytes, usage.ioWrittenBytes]).toEqual([
    expect.any(Number),
    expect.any(Number),
  ]);
});

test("what its control group counts is told as its word, what that does not count as that of /proc", async () => {
  const { id } = await aProcess({ busy: false, mebibytes: 1 });
  const group = mkdtempSync(join(tmpdir(), "usage-"));
  onTestFinished(() => rmSync(group, { recursive: true }));
  const counts = (seconds: number) =>
    writeFileSync(join(group, "cpu.stat"), `usage_usec ${seconds * 1e6}\nuser_usec 1\n`);
  counts(2);
  const usage = new ProcessUsage();
  const figures = () => usageFigures([{ usage: () => usage.now(id, atMs, group) }]);
  let atMs = 0;
  expect(figures()).toMatchObject({
    cpuSeconds: { value: 2, source: "cgroup" },
    memoryBytes: { source: "/proc" },
  });
  counts(2 + 5 * cpus().length);
  writeFileSync(join(group, "memory.current"), `${3 * 2 ** 20}\n`);
  writeFileSync(join(group, "io.stat"), "254:0 rbytes=10 wbytes=7 rios=1\n8:0 rbytes=1 wbytes=2\n");
  atMs = 10_000;
  expect(figures()).toMatchObject({
    cpuUsageRatio: { value: 0.5, source: "cgroup" },
    memoryBytes: { value: 3 * 2 ** 20, source: "cgroup" },
    ioReadBytes: { value: 11, source: "cgroup" },
    ioWrittenBytes: { value: 9, source: "cgroup" },
  });
});

test("of a process that is over, of another with its number, and of none nothing is told", async () => {
  const { child, id } = await aProcess({ busy: false, mebibytes: 1 });
  const usage = new ProcessUsage();
  expect(usage.now(undefined, 0)).toEqual({});
  expect(usage.now({ ...id, startTicks: id.startTicks + 1 }, 0)).toEqual({});
  expect(usage.now(id, 0).memoryUsageRatio).toBeGreaterThanOrEqual(0);
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
  expect(usage.now(id, 6_000)).toEqual({});
  expect(usageFigures([{ usage: () => usage.now(id, 12_000) }])).toEqual({});
});
