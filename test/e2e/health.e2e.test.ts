/** Probes on the site's own machine, which ask the running daemon. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { until, type Facility } from "./facility.ts";

const { facility: aFacility } = closedAfterEach();
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
  expect(await run("curl", [...curl, "http://daemon/health/ready"])).toMatchObject({ out: "200" });
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
