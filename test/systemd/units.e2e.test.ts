import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

const units = ["understudy-daemon.service", "understudy-hub.service"];

/** Every `Key=value` of a unit, in order; a key may come more than once. */
function settings(unit: string): { key: string; value: string }[] {
  return readFileSync(`systemd/${unit}`, "utf8")
    .split("\n")
    .filter((line) => /^[A-Za-z]+=/.test(line))
    .map((line) => ({
      key: line.split("=", 1)[0] ?? "",
      value: line.slice(line.indexOf("=") + 1),
    }));
}

function valuesOf(unit: string, key: string): string[] {
  return settings(unit)
    .filter((setting) => setting.key === key)
    .map(({ value }) => value);
}

/** 0 (closed) to 10 (open), as systemd itself judges. */
function exposure(unit: string, folder = "systemd"): number {
  const told = execFileSync(
    "systemd-analyze",
    ["security", "--offline=true", "--no-pager", `${folder}/${unit}`],
    { encoding: "utf8", env: { ...process.env, LC_ALL: "C.UTF-8" } },
  );
  const score = /Overall exposure level for \S+: ([\d.]+)/.exec(told)?.[1];
  if (score === undefined) throw new Error(`systemd-analyze did not judge ${unit}: ${told}`);
  return Number(score);
}

const backup = ["understudy-hub-backup.service", "understudy-hub-backup.timer"];

test.each([...units, "understudy-hub-backup.service"])(
  "%s leaves little open: exposure at most 1.5 of 10",
  (unit) => {
    expect(exposure(unit)).toBeLessThanOrEqual(1.5);
  },
);

test("what the daemon's group hands out is taken back after each end, or systemd could not start it again", () => {
  const unit = "understudy-daemon.service";
  expect(valuesOf(unit, "Delegate")).toEqual(["cpu memory io"]);
  expect(valuesOf(unit, "Environment")).toEqual(["UNDERSTUDY_CGROUP=delegated"]);
  const [stop = ""] = valuesOf(unit, "ExecStopPost");
  // As systemd reads it: `$$` is a dollar sign.
  const script = /^-\/bin\/sh -c '(.*)'$/.exec(stop)?.[1]?.replaceAll("$$", "$") ?? "";
  const group = mkdtempSync(join(tmpdir(), "cgroup-"));
  onTestFinished(() => rmSync(group, { recursive: true }));
  mkdirSync(join(group, ".control"));
  writeFileSync(join(group, "cgroup.subtree_control"), "cpu memory\n");
  const own = "/sys/fs/cgroup$(grep ^0:: /proc/self/cgroup | cut -d: -f3)";
  expect(script).toContain(own);
  // A file keeps the last that was written to it; the kernel takes each.
  execFileSync("/bin/sh", ["-c", script.replace(own, join(group, ".control"))]);
  expect(readFileSync(join(group, "cgroup.subtree_control"), "utf8")).toBe("-memory\n");
});

test.each([...units, ...backup])(
  "%s has no setting that systemd does not know or that is given twice by mistake",
  (unit) => {
    const { stdout, stderr } = spawnSync(
      "systemd-analyze",
      ["verify", "--man=no", `systemd/${unit}`],
      { encoding: "utf8" },
    );
    // The machine that tests may have its node elsewhere than the one that is installed on.
    const told = `${stdout}${stderr}`.split("\n").filter((line) => !/not executable/.test(line));
    expect(told.join("\n")).toBe("");
    const keys = settings(unit).map(({ key }) => key);
    const twice = keys.filter((key, at) => keys.indexOf(key) !== at);
    // Documentation, dependencies and system call filters add up; the rest would replace.
    expect(twice.filter((key) => key !== "SystemCallFilter")).toEqual([]);
  },
);

test("the drop-in for graphics cards is one that systemd takes, and opens hardly more", () => {
  const [unit, folder] = ["understudy-daemon.service", mkdtempSync(join(tmpdir(), "units-"))];
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(`systemd/${unit}`, join(folder, unit));
  cpSync("systemd/hardware.conf", join(folder, `${unit}.d/hardware.conf`));
  const { stdout, stderr } = spawnSync(
    "systemd-analyze",
    ["verify", "--man=no", join(folder, unit)],
    {
      encoding: "utf8",
    },
  );
  const told = `${stdout}${stderr}`.split("\n").filter((line) => !/not executable/.test(line));
  expect(told.join("\n")).toBe("");
  expect(exposure(unit, folder)).toBeGreaterThan(exposure(unit));
  expect(exposure(unit, folder)).toBeLessThanOrEqual(1.7);
});

test("a backup goes where it may write: its own folder, which is made at the installation", () => {
  const [folder = ""] =
    valuesOf("understudy-hub-backup.service", "ExecStart")[0]?.match(/\S+$/) ?? [];
  expect(valuesOf("understudy-hub-backup.service", "ReadWritePaths").join(" ")).toContain(folder);
  expect(readFileSync("systemd/understudy.tmpfiles", "utf8")).toContain(`d ${folder} `);
});

describe.each(units)("%s", (unit) => {
  test("leaves out the settings under which node dies or cannot see its encoders", () => {
    expect(valuesOf(unit, "MemoryDenyWriteExecute")).toEqual([]);
    expect(valuesOf(unit, "PrivateUsers")).toEqual([]);
    expect(valuesOf(unit, "ProcSubset")).toEqual(["all"]);
    expect(valuesOf(unit, "RestrictAddressFamilies").join(" ")).toContain("AF_NETLINK");
    expect(valuesOf(unit, "SystemCallFilter").join(" ")).not.toContain("~@resources");
  });

  test("is restarted when it hangs or fails, and does not stop because a child ran out of memory", () => {
    expect(valuesOf(unit, "Type")).toEqual(["notify"]);
    expect(valuesOf(unit, "NotifyAccess")).toEqual(["main"]);
    expect(valuesOf(unit, "WatchdogSec")).toEqual(["30"]);
    expect(valuesOf(unit, "Restart")).toEqual(["on-failure"]);
    expect(valuesOf(unit, "OOMPolicy")).toEqual(["continue"]);
  });
});

test("stopping the daemon leaves the encoders alone, stopping the hub takes its broker along", () => {
  expect(units.map((unit) => valuesOf(unit, "KillMode"))).toEqual([["process"], ["mixed"]]);
});

test("daemon and hub on one machine share no runtime or state folder", () => {
  for (const key of ["RuntimeDirectory", "StateDirectory", "CacheDirectory"]) {
    const folders = units.flatMap((unit) => valuesOf(unit, key));
    expect(new Set(folders).size).toBe(units.length);
  }
});
