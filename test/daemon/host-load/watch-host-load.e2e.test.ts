/** This host, looked at while it really works. */
import { spawn } from "node:child_process";
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

test("a host that tells nothing of itself is not idle: nothing is known", async () => {
  const told: HostLoad[] = [];
  const none = { proc: "/nonexistent", sys: "/nonexistent" };
  const watch = watchHostLoad({ ...none, tell: (load) => told.push(load), nowMs: () => 0 });
  await until("a look", () => told.length > 0);
  await watch.close();
  expect(told).toEqual([{}]);
});
