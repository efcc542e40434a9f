/** Probes on the site's own machine, which ask the running daemon. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { aSystemd } from "../fakes/systemd.ts";
import { closedAfterEach } from "./after-each.ts";
import { until, type Facility } from "./facility.ts";

const { facility: aFacility, keep } = closedAfterEach();
const program = new URL("../../dist/daemon.cjs", import.meta.url).pathname;

type Answer = { code: number; out: string };
function run(command: string, args: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    const child = execFile(command, args, (_error, out) =>
      resolve({ code: child.exitCode ?? -1, out }),
    );
  });
}
const probe = ({ configFile }: Facility, flag: string) =>
  run(process.execPath, [program, flag, "--config", configFile]);

test("a probe tells a daemon that works from one that hangs, is gone, or came back after kill -9", async () => {
  const facility = await aFacility();
  expect((await probe(facility, "--health")).code).toBe(1);
  facility.startDaemon();
  await until("it is ready", () => facility.log.includes('"code":"ready"'));
  const well = await until("a probe is answered", async () => {
    const answer = await probe(facility, "--ready");
    return answer.code === 0 && answer;
  });
  expect(JSON.parse(well.out)).toMatchObject({
    ...{ status: "ok", live: true, ready: true, because: [], hubLink: "offline" },
  });
  expect((await probe(facility, "--health")).code).toBe(0);
  const socket = join(facility.stateDir, "health.sock");
  const curl = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", socket];
  expect(await run("curl", [...curl, "http://daemon/health"])).toMatchObject({ out: "200" });
  // A box that was not read in time on a busy host makes it not ready for a moment.
  await until("it is ready by HTTP", async () => {
    return (await run("curl", [...curl, "http://daemon/health/ready"])).out === "200";
  });
  expect(await run("curl", [...curl, "http://daemon/other"])).toMatchObject({ out: "404" });

  facility.daemon.kill("SIGSTOP");
  expect((await probe(facility, "--health")).code).toBe(1);
  facility.daemon.kill("SIGCONT");
  await until("it is well again", async () => (await probe(facility, "--health")).code === 0);

  await facility.endDaemon("SIGKILL");
  expect((await probe(facility, "--health")).code).toBe(1);
  facility.startDaemon();
  await until("the next one answers", async () => (await probe(facility, "--ready")).code === 0);
  await facility.endDaemon();
  expect((await probe(facility, "--health")).code).toBe(1);
}, 180_000);

test("a journal whose writer hangs is told as such, and feeds no watchdog until it moves again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-stuck-"));
  keep({ close: () => Promise.resolve(rmSync(folder, { recursive: true })) });
  const flag = join(folder, "stuck");
  // Loaded first in every thread: all but the main one stand still while the file is there.
  writeFileSync(
    join(folder, "stuck.cjs"),
    `const { existsSync } = require("node:fs");
     const nobody = new Int32Array(new SharedArrayBuffer(4));
     if (!require("node:worker_threads").isMainThread) setInterval(() => {
       while (existsSync(${JSON.stringify(flag)})) Atomics.wait(nobody, 0, 0, 50);
     }, 20).unref();`,
  );
  const notify = join(folder, "notify");
  const systemd = await aSystemd(notify);
  keep({ close: () => Promise.resolve(systemd.close()) });
  const beats = () => systemd.heard.filter((text) => text.startsWith("WATCHDOG=1")).length;
  const facility = await aFacility({
    env: {
      ...{ NODE_OPTIONS: `--require ${join(folder, "stuck.cjs")}` },
      ...{ NOTIFY_SOCKET: notify, WATCHDOG_USEC: "1000000" },
    },
  });
  facility.startDaemon();
  await until("it is well", async () => (await probe(facility, "--ready")).code === 0);
  writeFileSync(flag, "");
  const ill = await until(
    "the writer is missed",
    async () => {
      const answer = await probe(facility, "--health");
      return answer.code === 1 && answer.out !== "" && answer;
    },
    60_000,
  );
  expect(JSON.parse(ill.out)).toMatchObject({ live: false });
  expect(ill.out).toContain("no sign of life from: journal");
  expect(ill.out).not.toMatch(/no sign of life from: (decider|link)/);
  const before = beats();
  expect(before).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(beats()).toBe(before);
  rmSync(flag);
  await until(
    "it is well again",
    async () => (await probe(facility, "--ready")).code === 0,
    60_000,
  );
  await until("it feeds again", () => beats() > before);
}, 180_000);
