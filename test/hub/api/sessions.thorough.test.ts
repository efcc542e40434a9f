import { expect, test } from "vitest";
import { sealed } from "../../../daemon/sealed-key.ts";
import { answersWithinMs } from "../../../hub/api/rest/sessions.ts";
import type { CommandRequest } from "../../../machines/command/command.contract.ts";
import type { SessionState } from "../../../machines/session/session.contract.ts";
import { encoder, info, stream } from "../messages.ts";
import { anApi } from "./an-api.ts";

const wish = { resolution: "1920x1080", bitrate: 5_000_000, fps: 30 };
const streamKey = "canary-9Zq";
const keptFor: SessionState = {
  ...{ id: "s1", state: "running", by: "test", encoder: "helo-a", backup: "helo-b" },
  settings: { widthPx: 1_920, heightPx: 1_080, framesPerSecond: 30, videoBps: 5_000_000 },
  ...{ revision: 3, openedAtMs: 1_000, endsAtMs: null },
};

type Said = { status: "done" | "refused" | "accepted"; code?: string; data?: object };

/** A hub with sites that keep a stream each, and answer as `answers` says; null: not at all. */
async function aHub(
  answers: (request: CommandRequest, topic: string) => Said | null | Promise<Said | null>,
  sites = ["studio"],
  { lines = [] as string[], withinMs = 0 } = {},
) {
  const api = await anApi({ lines, ...(withinMs && { waitsMs: withinMs }) });
  for (const site of sites) {
    const inventory = [
      { kind: "encoder", id: "helo-a" },
      { kind: "stream", id: "pool" },
      { kind: "stream", id: "main" },
    ];
    api.hears(site, "info", info({ site, inventory }));
    api.hears(site, "availability", "online");
    api.hears(site, "encoder/helo-a/state", encoder({ outputs: [anOutput] }));
    api.hears(site, "stream/main/state", stream());
    api.hears(site, "stream/pool/state", stream({ id: "pool", keptFor: null, carrier: "stopped" }));
  }
  const asked: { site: string; verb: string; request: CommandRequest }[] = [];
  api.wire.answer = (topic, payload) => {
    const [, site, kind, id, verb] = /v1\/([^/]+)\/request\/(.+)\/(.+)\/(.+)$/.exec(topic) ?? [];
    if (site === undefined || verb === undefined) return;
    const request = JSON.parse(payload) as CommandRequest;
    asked.push({ site, verb, request });
    void Promise.resolve(answers(request, topic)).then((said) => {
      if (said === null) return;
      const response = { id: request.id, message: "said the site", atMs: 1, ...said };
      api.hears(site, `response/${kind}/${id}/${verb}`, response);
    });
  };
  const has = (session: SessionState | null) =>
    api.hears("studio", "stream/pool/state", stream({ id: "pool", keptFor: session }));
  return { ...api, asked, has };
}
const anOutput = { id: "stream-1", state: "idle", sinceMs: 1 } as never;

async function opened({ args }: CommandRequest): Promise<Said> {
  const of = { stream: "pool", session: "s1" };
  const ingest = { destination: "far", address: "rtmp://127.0.0.1/live", streamKey };
  const to = args!.session!.sealTo!;
  const data = { ...of, encoder: "helo-a", backup: "helo-b", because: "best", score: 87 };
  const jwe = await sealed({ ...of, ingest, publicHost: "studio.example", to });
  return { status: "done", data: { ...data, warnings: [], endsAtMs: null, sealed: jwe } };
}

test("a stream that is asked for comes with its key and address, by the words of old", async () => {
  const { ask, asked } = await aHub(opened);
  const { status, body, headers } = await ask("POST", "/api/streams/init", { body: wish });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    ...{ stream_id: "studio~pool", session_id: "s1", stream_key: streamKey },
    rtmp_url: "rtmp://studio.example/live",
    ...{ encoder_id: "helo-a", backup_encoder_id: "helo-b", because: "best", ends_at: null },
  });
  expect(headers["cache-control"]).toBe("no-store");
  expect(headers["location"]).toBe("/api/streams/studio~pool/config");
  expect(body).toMatchObject({ input: "device", ingest_id: null });
  expect(asked[0]?.request.args?.session).toMatchObject({
    ...{ input: "device", anyInput: true },
    settings: { widthPx: 1_920, videoBps: 5_000_000 },
    sealTo: { kty: "OKP", crv: "X25519" },
  });
  expect((await ask("POST", "/streams/init", { body: wish })).status).toBe(201);
});

test("who says how the picture comes is taken at the word, and told where to publish it", async () => {
  const { ask, asked } = await aHub(async (request) => {
    const { data } = await opened(request);
    return { status: "done", data: { ...data, input: "push", ingest: "door" } };
  });
  const { body } = await ask("POST", "/api/streams/init", { body: { ...wish, input: "push" } });
  expect(body).toMatchObject({ input: "push", ingest_id: "door" });
  const { anyInput, input } = asked[0]!.request.args!.session!;
  expect({ anyInput, input }).toEqual({ anyInput: undefined, input: "push" });
});

test("the stream key stays nowhere: not in the store, not in a log line, not on MQTT", async () => {
  const lines: string[] = [];
  const { ask, said, store } = await aHub(opened, ["studio"], { lines });
  await ask("POST", "/api/streams/init", { body: wish });
  const { id } = JSON.parse(
    said.find(({ topic }) => topic.includes("/request/"))!.payload,
  ) as CommandRequest;
  const kept = [await store.command(id), said, lines];
  expect(JSON.stringify(kept)).toContain("sealed");
  expect(JSON.stringify(kept)).not.toContain(streamKey);
});

test("a key that is sealed to somebody else, or for another session, is not handed on", async () => {
  const { ask } = await aHub(async (request) => {
    const { data } = await opened(request);
    return { status: "done", data: { ...data, session: "s2" } };
  });
  const answer = await ask("POST", "/api/streams/init", { body: wish });
  expect(answer).toMatchObject({ status: 502, body: { code: "not_sealed" } });
});

test.each([
  ["no_free_stream", 409],
  ["no_understudy", 409],
  ["not_valid", 422],
  ["no_free_ingest", 409],
  ["ingest_not_available", 501],
  ["clock_unknown", 503],
])("what the site refuses is told with its code: %s is %i", async (code, status) => {
  const { ask } = await aHub(() => ({ status: "refused", code }));
  const answer = await ask("POST", "/api/streams/init", { body: wish });
  expect(answer).toMatchObject({ status, body: { code, detail: "said the site" } });
});

test("a site that is offline, or says nothing, is 503 site_offline within 10 s", async () => {
  const { ask, hears } = await aHub(() => null, ["studio"], { withinMs: 200 });
  const silent = await ask("POST", "/api/streams/init", { body: wish });
  expect(answersWithinMs).toBeLessThan(10_000);
  expect(silent).toMatchObject({ status: 503, body: { code: "site_offline" } });
  hears("studio", "availability", "offline");
  const offline = await ask("POST", "/api/streams/init", { body: wish });
  expect(offline).toMatchObject({ status: 503, body: { code: "site_offline" } });
});

test("a session that nobody waited for any more is given back when it is heard of", async () => {
  const late: { answer?: () => void } = {};
  const { ask, asked } = await aHub(
    (request, topic) =>
      topic.includes("open-session")
        ? new Promise((resolve) => (late.answer = () => void opened(request).then(resolve)))
        : null,
    ["studio"],
    { withinMs: 200 },
  );
  expect((await ask("POST", "/api/streams/init", { body: wish })).status).toBe(503);
  late.answer?.();
  await expect.poll(() => asked.map(({ verb }) => verb)).toEqual(["open-session", "stop"]);
});

test("a repeated Idempotency-Key asks the same site for the same, another body is refused", async () => {
  const { ask, asked } = await aHub(opened, ["studio", "chapel"]);
  const headers = { "idempotency-key": "k" };
  const first = await ask("POST", "/api/streams/init", { body: wish, headers });
  expect(first.status).toBe(201);
  expect((await ask("POST", "/api/streams/init", { body: wish, headers })).status).toBe(201);
  expect(new Set(asked.map(({ site }) => site)).size).toBe(1);
  expect(asked[0]!.request.args!.session!.once).toBe(asked[1]!.request.args!.session!.once);
  expect(asked[0]!.request.args!.session!.once).not.toContain("k\n");
  const other = { body: { ...wish, fps: 25 }, headers };
  expect((await ask("POST", "/api/streams/init", other)).status).toBe(422);
  const keys = asked.map(({ request }) => request.args!.session!.sealTo!.x);
  expect(new Set(keys).size).toBe(2);
});

test("of several sites that one is asked which is named, else one that has a stream free", async () => {
  const { ask, asked, has } = await aHub(opened, ["studio", "chapel"]);
  has(keptFor);
  await ask("POST", "/api/streams/init", { body: wish });
  await ask("POST", "/api/streams/init", { body: { ...wish, site_id: "studio" } });
  expect(asked.map(({ site }) => site)).toEqual(["chapel", "studio"]);
  const nowhere = await ask("POST", "/api/streams/init", { body: { ...wish, site_id: "moon" } });
  expect(nowhere).toMatchObject({ status: 404, body: { code: "unknown_site" } });
});

test("the config of a session is read and changed by its ETag; a wrong one is 412", async () => {
  const { ask, asked, has } = await aHub(() => ({ status: "done", data: { revision: 4 } }));
  has(keptFor);
  const read = await ask("GET", "/api/streams/pool/config");
  expect(read).toMatchObject({
    ...{ status: 200, headers: { etag: '"s1/3"' } },
    body: { ...wish, stream_id: "studio~pool", status: "running", encoder_id: "helo-a" },
  });
  const put = (body: object, tag: string) =>
    ask("PUT", "/api/streams/pool/config", { body, headers: { "if-match": tag } });
  expect((await put({ bitrate: "3M" }, '"s1/2"')).status).toBe(412);
  const changed = await put({ bitrate: "3M", restart: true }, '"s1/3"');
  expect(changed).toMatchObject({
    ...{ status: 200, headers: { etag: '"s1/4"' }, body: { bitrate: 3_000_000, fps: 30 } },
  });
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({
    verb: "change-session",
    request: { args: { change: { restart: true, ifRevision: 3, settings: { videoBps: 3e6 } } } },
  });
});

test("DELETE ends a session: 200 when nobody publishes, 202 while that is not proven", async () => {
  let said: Said = { status: "done" };
  const { ask, asked, has } = await aHub(() => said, ["studio"], { withinMs: 200 });
  has(keptFor);
  expect(await ask("DELETE", "/api/streams/pool")).toMatchObject({
    ...{ status: 200, body: { status: "ended", session_id: "s1" } },
  });
  expect(asked[0]?.verb).toBe("stop");
  const headers = { "content-type": "application/json" };
  expect((await ask("DELETE", "/api/streams/pool", { headers })).status).toBe(200);
  said = { status: "accepted" };
  const pending = await ask("DELETE", "/api/streams/pool");
  expect(pending).toMatchObject({ status: 202, body: { status: "ending" } });
  expect(pending.headers["location"]).toMatch(/^\/api\/commands\//);
  has(null);
  expect(await ask("DELETE", "/api/streams/pool")).toMatchObject({
    ...{ status: 404, body: { code: "no_session" } },
  });
  expect(await ask("DELETE", "/api/streams/main")).toMatchObject({
    ...{ status: 409, body: { code: "not_a_session" } },
  });
});

test("a reader opens no session, and a body that means nothing is 400", async () => {
  const { ask, keys } = await aHub(opened);
  const { secret: key } = await keys.mint("ro", "reader");
  expect((await ask("POST", "/api/streams/init", { body: wish, key })).status).toBe(403);
  for (const body of [{}, { ...wish, resolution: "big" }, { ...wish, fps: 0 }, { ...wish, x: 1 }]) {
    expect((await ask("POST", "/api/streams/init", { body })).status).toBe(400);
  }
});
