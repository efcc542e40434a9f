/** How the daemon and a box get along: a trap brings a look forward, a dead box is left alone. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { Hub } from "./hub.ts";
import { long } from "../setup/slow.ts";

const run = promisify(execFile);
const { facility: aFacility, keep } = closedAfterEach();
const folder = mkdtempSync(join(tmpdir(), "understudy-traps-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a trap has the box looked at long before its turn; a dead one is left alone and told of", async () => {
  const community = join(folder, "community");
  writeFileSync(community, "from-the-boxes\n", { mode: 0o600 });
  const box = { driver: "aja-helo" } as const;
  const facility = await aFacility({
    encoders: {
      a: { ...box, polling: { normal: "1s" } },
      b: { ...box, polling: { normal: "60s" } },
    },
    site: {
      traps: {
        host: "127.0.0.1",
        port: 0,
        access: [{ version: "v2c", community: `file:${community}` }],
      },
    },
  });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  const { host } = facility.helos["b"]!;
  await facility.helos["b"]!.close();
  const port = await until("traps", () => /for traps, port (\d+)/.exec(facility.log)?.[1]);
  const linkDown = "1.3.6.1.6.3.1.1.5.3";
  const trap = () =>
    run("snmptrap", [
      ...[`--clientaddr=${host}`, "-v2c", "-c", "from-the-boxes"],
      ...[`127.0.0.1:${port}`, "", linkDown],
    ]);
  // At its own pace, 60 s, three failed polls would take minutes.
  await until("b is gone", async () => {
    await trap();
    return facility.told("encoder.link").some(({ message }) => message.startsWith("b does not"));
  });
  await until("b is left alone", async () => {
    await trap();
    return facility.told("encoder.breaker").length > 0;
  });
  const [told] = facility.told("encoder.breaker");
  expect(told!.message).toContain("b failed 5 times in a row");
  expect(facility.onAir()).toBe("a");
});

/** A point is kept each half minute. */
const patient = { timeout: 240_000 };

long(
  "how a box was to talk to is kept at the site, over a kill, and seen from a shell",
  patient,
  async () => {
    const hub = keep(await Hub.start(undefined, { isClosed: true }));
    const facility = await aFacility({
      encoders: { a: { driver: "aja-helo" }, b: { driver: "aja-helo" } },
      mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
    });
    facility.startDaemon();
    await facility.untilOnAir("a");
    const program = new URL("../../dist/understudy.js", import.meta.url).pathname;
    const env = { ...process.env, UNDERSTUDY_HUB: hub.url, UNDERSTUDY_API_KEY: hub.adminKey };
    type Point = { at: string; healthScore: number; latencyMs: number; requests: number };
    const history = async (encoder: string): Promise<Point[]> => {
      const asked = ["encoder", "history", encoder, "--since", "10min", "--step", "30s", "--json"];
      const { stdout } = await run(process.execPath, [program, ...asked], { env });
      return stdout.split("\n").flatMap((line) => (line === "" ? [] : (JSON.parse(line) as Point)));
    };
    const points = await until(
      "a point",
      async () => {
        // Each question is a program of its own.
        await new Promise((resolve) => setTimeout(resolve, 2_000));
        const found = await history("a").catch(() => []);
        return found.length > 0 && found;
      },
      90_000,
    );
    expect(points[0]).toMatchObject({ failed: 0, resets: 0 });
    expect(points[0]!.healthScore).toBeGreaterThan(0);
    expect(points[0]!.latencyMs).toBeGreaterThanOrEqual(0);
    expect(points[0]!.requests).toBeGreaterThan(5);
    await facility.endDaemon("SIGKILL");
    facility.startDaemon();
    const after = await until("the site is asked again", () => history("a").catch(() => undefined));
    expect(after[0]).toEqual(points[0]);
  },
);
