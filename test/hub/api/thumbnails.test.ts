import { expect, test } from "vitest";
import { atMs, info } from "../messages.ts";
import { anApi } from "./an-api.ts";

const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]).toString("base64");
const picture = { jpeg, ageMs: 400, because: null };

async function aStudio() {
  const clock = { nowMs: atMs };
  const api = await anApi({ now: () => clock.nowMs });
  const inventory = [
    { kind: "ingest", id: "stage", name: "Stage" },
    { kind: "encoder", id: "helo-a" },
  ];
  api.hears("studio", "info", info({ inventory }));
  api.hears("studio", "availability", "online");
  const list = async (query = "") =>
    (await api.ask("GET", `/api/thumbnails${query}`)).body["items"] as Record<string, unknown>[];
  return { ...api, clock, list };
}

test("a picture says how old it is, and is not available from 30 s on", async () => {
  const { ask, hears, clock, list } = await aStudio();
  expect(await list()).toEqual([]);
  hears("studio", "ingest/stage/thumbnail", picture);
  clock.nowMs += 1_600;
  expect(await list("?pictures=true")).toMatchObject([
    { ref: "studio~stage", kind: "ingest", ageMs: 2_000, available: true, because: null, jpeg },
  ]);
  const shown = await ask("GET", "/api/ingests/stage/thumbnail");
  expect(shown).toMatchObject({ status: 200, headers: { "content-type": "image/jpeg", age: "2" } });
  const held = { "if-none-match": String(shown.headers["etag"]) };
  expect((await ask("GET", "/api/ingests/stage/thumbnail", { headers: held })).status).toBe(304);

  clock.nowMs += 28_001;
  expect(await list("?pictures=true")).toMatchObject([
    { ageMs: 30_001, available: false, because: "no new one has come", jpeg: null },
  ]);
  expect(await ask("GET", "/api/ingests/stage/thumbnail", { headers: held })).toMatchObject({
    status: 404,
    body: { code: "no_thumbnail", detail: "no new one has come; the last one is 30 s old" },
  });
});

test("a place without a picture is there, and says why; the last picture is not shown again", async () => {
  const { hears, list } = await aStudio();
  const none = { jpeg: null, ageMs: 0, because: "it could not be opened" };
  hears("studio", "encoder/helo-a/thumbnail", none);
  expect(await list()).toMatchObject([
    { id: "helo-a", at: null, ageMs: null, available: false, because: "it could not be opened" },
  ]);
  hears("studio", "encoder/helo-a/thumbnail", picture);
  expect(await list()).toMatchObject([{ available: true }]);
  hears("studio", "encoder/helo-a/thumbnail", none);
  expect(await list("?pictures=true")).toMatchObject([
    { ageMs: 400, available: false, because: "it could not be opened", jpeg: null },
  ]);
});

test("nobody without a key sees a picture, nor one of a site or a place that is not theirs", async () => {
  const { ask, hears, list } = await aStudio();
  hears("studio", "ingest/stage/thumbnail", picture);
  hears("studio", "ingest/made-up/thumbnail", picture);
  hears("studio", "storage/disk/thumbnail", picture);
  expect((await list()).map(({ id }) => id)).toEqual(["stage"]);
  for (const path of ["/api/thumbnails", "/api/ingests/stage/thumbnail"]) {
    expect((await ask("GET", path, { key: null })).status).toBe(401);
  }
  const { body } = await ask("POST", "/api/keys", {
    body: { name: "theirs", kind: "ro", sites: ["elsewhere"] },
  });
  const key = String(body["key"]);
  const theirs = await ask("GET", "/api/thumbnails", { key });
  expect(theirs).toMatchObject({ status: 200, body: { items: [] } });
  expect((await ask("GET", "/api/ingests/stage/thumbnail", { key })).status).toBe(404);
});

test("what is no JPEG, or too large, is never handed on", async () => {
  const { hears, list } = await aStudio();
  const html = Buffer.from("<script>").toString("base64");
  hears("studio", "ingest/stage/thumbnail", { ...picture, jpeg: html });
  hears("studio", "ingest/stage/thumbnail", { ...picture, jpeg: "A".repeat(100_000) });
  hears("studio", "ingest/stage/thumbnail", "{");
  expect(await list()).toEqual([]);
});
