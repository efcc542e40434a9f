import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  cpuTimeIn,
  memoryUsageIn,
  temperatureAt,
  thermometersIn,
  trafficOf,
  wayOutIn,
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

test("the way out is the default route with the lowest metric that is up", () => {
  const route = (name: string, to: string, flags: string, metric: number) =>
    `${name}\t${to}\t010200C0\t${flags}\t0\t0\t${metric}\t00000000\t0\t0\t0`;
  const head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask";
  const table = [
    ...[head, route("wlan0", "00000000", "0003", 600), route("eth1", "00000000", "0002", 50)],
    ...[route("eth0.7", "00000000", "0003", 100), route("lan", "000200C0", "0001", 0)],
  ];
  expect(wayOutIn(table.join("\n"))).toBe("eth0.7");
  for (const none of ["", head, route("../..", "00000000", "0003", 0)])
    expect(wayOutIn(none)).toBeUndefined();
});

test("an interface tells its bytes, and its speed only where the driver knows it", async () => {
  const files = {
    "net/eth0/statistics/tx_bytes": "1000",
    "net/eth0/statistics/rx_bytes": "2000",
  };
  const traffic = { name: "eth0", sent: 1_000, received: 2_000 };
  expect(await trafficOf(aSys(files), "eth0")).toEqual(traffic);
  expect(await trafficOf(aSys({ ...files, "net/eth0/speed": "-1" }), "eth0")).toEqual(traffic);
  expect(await trafficOf(aSys({ ...files, "net/eth0/speed": "2500" }), "eth0")).toEqual({
    ...traffic,
    linkBps: 2.5e9,
  });
  expect(await trafficOf(aSys(files), "eth1")).toBeUndefined();
});
