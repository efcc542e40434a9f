import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  cpuTimeIn,
  memoryUsageIn,
  temperatureAt,
  thermometersIn,
} from "../../../daemon/host-load/read-host.ts";

test("waiting for a disk is idle, and guests are not counted twice", () => {
  const stat = "cpu  100 10 50 800 40 0 5 5 30 0\ncpu0 1 2 3 4\nintr 5";
  expect(cpuTimeIn(stat)).toEqual({ total: 1_010, idle: 840 });
  for (const wrong of ["", "cpu0 1 2 3 4", "cpu  1 2", "cpu  a b c d"])
    expect(cpuTimeIn(wrong)).toBeUndefined();
  expect(cpuTimeIn(readFileSync("/proc/stat", "latin1"))!.total).toBeGreaterThan(0);
});

test("memory that could be had is free", () => {
  expect(memoryUsageIn("MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 250 kB\n")).toBe(0.75);
  for (const wrong of ["", "MemTotal: 0 kB\nMemAvailable: 0 kB", "MemTotal: 10 kB"])
    expect(memoryUsageIn(wrong)).toBeUndefined();
  expect(memoryUsageIn(readFileSync("/proc/meminfo", "latin1"))).toBeGreaterThan(0);
});

/** A `/sys` with these files. */
function aSys(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "understudy-sys-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(folder, "class", file, ".."), { recursive: true });
    writeFileSync(join(folder, "class", file), `${text}\n`);
  }
  return folder;
}
const warmest = async (files: Record<string, string>) =>
  temperatureAt(await thermometersIn(aSys(files)));

test("the warmest sensor of the processor counts, not that of a disk or a battery", async () => {
  const disk = { "hwmon/hwmon0/name": "nvme", "hwmon/hwmon0/temp1_input": "91000" };
  const processor = { "hwmon/hwmon1/name": "coretemp", "hwmon/hwmon1/temp1_input": "54000" };
  const second = { "hwmon/hwmon1/temp2_input": "61500", "hwmon/hwmon1/temp2_max": "100000" };
  expect(await warmest({ ...disk, ...processor, ...second })).toBe(61.5);
  const zone = {
    "thermal/thermal_zone0/type": "cpu-thermal",
    "thermal/thermal_zone0/temp": "48312",
  };
  const battery = { "thermal/thermal_zone1/type": "BAT0", "thermal/thermal_zone1/temp": "70000" };
  expect(await warmest({ ...disk, ...zone, ...battery })).toBe(48.312);
});

test("a host without a sensor, or with one that tells nonsense, has no temperature", async () => {
  expect(await warmest({})).toBeUndefined();
  for (const nonsense of ["", "no", "-273000", "1000000"]) {
    const zone = {
      "thermal/thermal_zone0/type": "cpu-thermal",
      "thermal/thermal_zone0/temp": nonsense,
    };
    expect(await warmest(zone)).toBeUndefined();
  }
});
