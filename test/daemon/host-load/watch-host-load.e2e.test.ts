/** This host, looked at while it really works. */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { watchHostLoad } from "../../../daemon/host-load/watch-host-load.ts";
import type { HostLoad } from "../../../machines/site/host-load.ts";
import { until } from "../../e2e/facility.ts";

test("its processors are told from the second look on, as a share of all of them", async () => {
  const told: HostLoad[] = [];
  const watch = watchHostLoad({ tell: (load) => told.push(load), nowMs: () => performance.now() });
  onTestFinished(() => watch.close());
  const child = spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [first] = await until("a first look", () => told.length > 0 && told);
  expect(first?.cpuUsageRatio).toBeUndefined();
  expect(first?.memoryUsageRatio).toBeGreaterThan(0);
  const second = await until("a second look", () => told.find((one) => one.cpuUsageRatio));
  expect(second.cpuUsageRatio).toBeGreaterThan(0);
  expect(second.cpuUsageRatio).toBeLessThanOrEqual(1);
});

test("what goes through its way out is told as a rate, each way, with the interface's name", async () => {
  // The kernel's own counters; only that the loopback leads out is made up.
  const proc = mkdtempSync(join(tmpdir(), "understudy-proc-"));
  onTestFinished(() => rmSync(proc, { recursive: true }));
  mkdirSync(join(proc, "net"));
  const route = "lo\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0";
  writeFileSync(join(proc, "net/route"), `Iface\tDestination\n${route}\n`);
  const socket = createSocket("udp4");
  onTestFinished(() => void socket.close());
  // 1 kB each 2 ms at most: at least 100 kB/s also on a busy machine.
  const sending = setInterval(() => socket.send(Buffer.alloc(1_000), 9, "127.0.0.1"), 2);
  onTestFinished(() => clearInterval(sending));
  const told: HostLoad[] = [];
  const watch = watchHostLoad({
    ...{ proc, nowMs: () => performance.now() },
    tell: (load) => told.push(load),
  });
  onTestFinished(() => watch.close());
  const load = await until("a rate", () => told.find((one) => one.networkSentBps !== undefined));
  expect(load.network).toBe("lo");
  expect(load.networkSentBps).toBeGreaterThan(50_000);
  expect(load.networkReceivedBps).toBeGreaterThan(50_000);
  expect(told[0]?.networkSentBps).toBeUndefined();
});

test("a host that tells nothing of itself is not idle: nothing is known", async () => {
  const told: HostLoad[] = [];
  const none = { proc: "/nonexistent", sys: "/nonexistent" };
  const watch = watchHostLoad({ ...none, tell: (load) => told.push(load), nowMs: () => 0 });
  await until("a look", () => told.length > 0);
  await watch.close();
  expect(told).toEqual([{}]);
});
