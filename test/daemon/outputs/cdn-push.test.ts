import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { CdnPush } from "../../../daemon/outputs/cdn-push.ts";
import { until } from "../drivers/shared/engine/until.ts";
import { anOrigin, originToken } from "./an-origin.ts";

/** Files that are offered to an origin. */
async function aPush(p: { token?: string } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "offered-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const origin = await anOrigin();
  const offered = { segments: [] as string[], lists: ["source.m3u8", "index.m3u8"] };
  const write = (name: string) => writeFileSync(join(folder, name), name);
  for (const name of offered.lists) write(name);
  const to = { address: origin.address, token: p.token ?? originToken, purge: origin.purge };
  return {
    ...origin,
    push: new CdnPush({ to, folder, offered: () => offered }),
    offer(...names: string[]): void {
      for (const name of names) write(name);
      offered.segments = names;
    },
  };
}

test("segments are put before the lists that name them; the hook is told; what is not listed any more is deleted", async () => {
  const origin = await aPush();
  await origin.start();
  origin.offer("1.m4s", "1.mp4");
  origin.push.changed();
  await until("the hook is told", () => origin.asked().some((line) => line.startsWith("POST")));
  const forGood = "public, max-age=3600, immutable";
  const asked = origin.asked();
  expect(asked.slice(0, 2).sort()).toEqual([
    `PUT /live/1.m4s 201 ${forGood} video/iso.segment`,
    `PUT /live/1.mp4 201 ${forGood} video/mp4`,
  ]);
  expect(asked.slice(2)).toEqual([
    "PUT /live/source.m3u8 201 no-cache application/vnd.apple.mpegurl",
    "PUT /live/index.m3u8 201 no-cache application/vnd.apple.mpegurl",
    "POST /purge 204 - application/json",
  ]);
  origin.offer("2.m4s", "1.mp4");
  origin.push.changed();
  await until("it is deleted", () => !origin.has("1.m4s"));
  expect(origin.has("2.m4s") && origin.has("1.mp4")).toBe(true);
  expect(origin.asked().filter((line) => line.includes("1.mp4"))).toHaveLength(1);
  expect(origin.push.why).toBe(null);
});

test("an origin that is away is told of, and has everything that is listed when it is back", async () => {
  const origin = await aPush();
  origin.offer("1.ts");
  origin.push.changed();
  const why = await until("it is told", () => origin.push.why ?? undefined);
  expect(why).toMatch(/^the CDN does not take it: .*ECONNREFUSED/);
  origin.offer("2.ts");
  await origin.start();
  await until("it is there", () => origin.has("2.ts") && origin.has("index.m3u8"));
  await until("it is well", () => origin.push.why === null);
  expect(origin.has("1.ts")).toBe(false);
  await origin.stop();
});

test("an origin that has another token says so, and the token is not repeated", async () => {
  const origin = await aPush({ token: "open-barley" });
  await origin.start();
  origin.offer("1.ts");
  origin.push.changed();
  const why = await until("it is told", () => origin.push.why ?? undefined);
  expect(why).toMatch(/^the CDN does not take it: PUT http.*\/live\/1.ts was answered 403$/);
  expect(origin.has("index.m3u8")).toBe(false);
});
