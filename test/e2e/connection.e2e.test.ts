/** How the daemon and a box get along: a trap brings a look forward, a dead box is left alone. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";

const run = promisify(execFile);
const { facility: aFacility } = closedAfterEach();
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
