import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { CdnPush } from "../../../daemon/outputs/cdn-push.ts";
import { purge } from "../../../daemon/outputs/purge.ts";
import { slow } from "../../setup/slow.ts";
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
    push: new CdnPush({ to, folder, offered: () => offered, lateAfterMs: 60_000 }),
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

slow(
  "a CDN that is slower than the programme is told, with how far it is behind and what it never got",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "offered-"));
    const waiting: (() => void)[] = [];
    let isSlow = true;
    const got: string[] = [];
    const cdn = createServer((request, response) => {
      request.resume().once("end", () => {
        const answer = () => {
          if (request.method === "PUT") got.push(request.url!.slice(1));
          response.writeHead(201).end();
        };
        if (isSlow) waiting.push(answer);
        else answer();
      });
    }).listen(0, "127.0.0.1");
    await once(cdn, "listening");
    onTestFinished(() => {
      cdn.closeAllConnections();
      cdn.close();
      rmSync(folder, { recursive: true });
    });
    const address = `http://127.0.0.1:${(cdn.address() as AddressInfo).port}/`;
    let segments: string[] = [];
    const offered = () => ({ segments, lists: ["index.m3u8"] });
    const push = new CdnPush({ to: { address }, folder, offered, lateAfterMs: 2_000 });
    writeFileSync(join(folder, "index.m3u8"), "");
    /** Two are on the disk at a time. */
    const make = (n: number) => {
      writeFileSync(join(folder, `${n}.ts`), "");
      rmSync(join(folder, `${n - 2}.ts`), { force: true });
      segments = [`${n - 1}.ts`, `${n}.ts`].slice(n === 0 ? 1 : 0);
      push.changed();
    };
    make(0);
    expect(push.why).toBe(null);
    await until("the first is under way", () => waiting.length > 0);
    for (let n = 1; n < 6; n++) make(n);
    const why = await until("it is told", () => push.why ?? undefined);
    expect(why).toMatch(/^the CDN does not keep up: it is [1-9] s behind$/);

    isSlow = false;
    for (const answer of waiting) answer();
    await until("the newest is there", () => got.includes("5.ts"));
    expect(got.filter((name) => name.endsWith(".ts"))).toEqual(["0.ts", "4.ts", "5.ts"]);
    await until(
      "what is there is there",
      () => got.filter((name) => name === "index.m3u8").length === 2,
    );
    expect(push.why).toMatch(/behind, and 3 files had left the disk before it took them$/);
    make(6);
    await until("it keeps up", () => push.why === null);
  },
);

test("somebody who asks for a purge is told what the CDN said, and it is told all that there is", async () => {
  const origin = await aPush();
  const folder = mkdtempSync(join(tmpdir(), "purged-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ["index.m3u8", "1.ts", "2.ts", "list.json", ".3.ts.part"]) {
    writeFileSync(join(folder, name), "");
  }
  const { address, purge: hook } = origin;
  const of = (push: object) =>
    purge("web", {
      ...{ kind: "hls", container: "ts", segmentMs: 4_000, targetS: 4, windowMs: 60_000, folder },
      push: { address, ...push },
    });
  const away = await of({ purge: hook, token: originToken });
  expect(away).toMatchObject({ status: "refused", code: "cdn_away" });
  await origin.start();
  expect(await of({ purge: hook, token: originToken })).toEqual({
    ...{ status: "done", message: "the CDN answered 204", data: { files: 3 } },
  });
  expect(origin.asked()).toEqual(["POST /purge 204 - application/json"]);
  const refused = await of({ purge: hook, token: "open-barley" });
  expect(refused).toMatchObject({ status: "refused", code: "cdn_refused" });
  expect(refused.message).toMatch(/^the CDN answered 403: .*403 Forbidden/);
  expect(await of({})).toMatchObject({ code: "no_purge" });
});
