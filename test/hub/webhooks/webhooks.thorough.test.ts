import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { pino } from "pino";
import { openFeed } from "../../../hub/feed.ts";
import { openSqliteStore } from "../../../hub/store/sqlite.ts";
import { openGuard } from "../../../hub/webhooks/guard.ts";
import { openHubKeys } from "../../../hub/hub-keys.ts";
import { openSigning } from "../../../hub/webhooks/signing.ts";
import { openWebhooks } from "../../../hub/webhooks/webhooks.ts";
import { anApi } from "../api/an-api.ts";
import { event, info } from "../messages.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

type Heard = { headers: IncomingHttpHeaders; body: string; event: Record<string, unknown> };

/** A system that listens, and answers with `answers` in turn; the last one stands. */
async function aReceiver(...answers: number[]) {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      heard.push({ headers: request.headers, body, event: JSON.parse(body) as Heard["event"] });
      const status = answers.length > 1 ? answers.shift()! : (answers[0] ?? 204);
      response.writeHead(status, { location: "http://127.0.0.1:1/elsewhere" }).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closers.push(() => (server.closeAllConnections(), server.close()));
  const { port } = server.address() as AddressInfo;
  return { heard, answers, url: `http://127.0.0.1:${port}/hook` };
}

const loopback = { allow: ["127.0.0.0/8"], pauses: [20, 20] };
const ids = (heard: Heard[]) => heard.map(({ event: e }) => e["id"]);

async function aHub(over: Parameters<typeof anApi>[0] = loopback) {
  const api = await anApi(over);
  const epoch = info().epoch;
  api.hears("studio", "info", info());
  return {
    ...api,
    epoch,
    happens: (seq: number, type: string) =>
      api.hears("studio", "event", event(seq, { epoch, type })),
    async add(body: object): Promise<{ id: string; secret: string }> {
      const made = await api.ask("POST", "/api/webhooks", { body });
      expect([made.status, made.body]).toMatchObject([201, {}]);
      return made.body as { id: string; secret: string };
    },
    state: async (id: string) => {
      const { items } = (await api.ask("GET", "/api/webhooks")).body as {
        items: Record<string, unknown>[];
      };
      return items.find((item) => item["id"] === id);
    },
  };
}

test("what a site decided arrives once, in order, as a signed CloudEvent", async () => {
  const receiver = await aReceiver(204);
  const hub = await aHub();
  const { secret } = await hub.add({ url: receiver.url });
  for (const seq of [1, 2, 3]) hub.happens(seq, "stream.onAir");
  await expect.poll(() => receiver.heard.length).toBe(3);
  expect(ids(receiver.heard)).toEqual([1, 2, 3].map((seq) => `studio.${hub.epoch}.${seq}`));
  const [first] = receiver.heard;
  expect(first!.event).toMatchObject({
    ...{
      specversion: "1.0",
      type: "understudy.stream.onAir",
      source: "urn:understudy:main:studio",
    },
    data: { site: "studio" },
  });
  const { headers, body } = first!;
  const signed = [headers["webhook-id"], headers["webhook-timestamp"], body].join(".");
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  expect(headers["webhook-signature"]).toBe(
    `v1,${createHmac("sha256", key).update(signed).digest("base64")}`,
  );
  expect(headers["webhook-id"]).toBe(first!.event["id"]);
});

test("only the wanted types and sites are told", async () => {
  const receiver = await aReceiver();
  const elsewhere = await aReceiver();
  const hub = await aHub();
  await hub.add({ url: receiver.url, types: ["stream.*", "key.granted"] });
  await hub.add({ url: elsewhere.url, sites: ["other"] });
  for (const [at, type] of [
    "encoder.hot",
    "stream.onAir",
    "streams.odd",
    "key.granted",
  ].entries()) {
    hub.happens(at + 1, type);
  }
  await expect.poll(() => receiver.heard.length).toBe(2);
  expect(receiver.heard.map(({ event: e }) => e["type"])).toEqual([
    ...["understudy.stream.onAir", "understudy.key.granted"],
  ]);
  expect(elsewhere.heard).toEqual([]);
});

test("a receiver that fails is tried again, and later events wait for their turn", async () => {
  const receiver = await aReceiver(503, 302, 204);
  const hub = await aHub();
  const { id } = await hub.add({ url: receiver.url });
  for (const seq of [1, 2]) hub.happens(seq, "stream.onAir");
  await expect.poll(() => receiver.heard.length).toBe(4);
  const [one, two] = [1, 2].map((seq) => `studio.${hub.epoch}.${seq}`);
  expect(ids(receiver.heard)).toEqual([one, one, one, two]);
  await expect.poll(async () => (await hub.state(id))?.["error"]).toBe(null);
});

test("what is refused, or fails to the end, is kept aside and may be tried again by hand", async () => {
  const receiver = await aReceiver(400, 500, 500, 500, 204);
  const hub = await aHub();
  const { id } = await hub.add({ url: receiver.url });
  for (const seq of [1, 2, 3]) hub.happens(seq, "stream.onAir");
  await expect.poll(() => receiver.heard.length).toBe(5);
  const dead = async () =>
    (await hub.ask("GET", `/api/webhooks/${id}/dead`)).body as {
      items: { error: string; event: { id: string } }[];
    };
  expect((await dead()).items.map(({ error }) => error)).toEqual([
    ...["it answered 400", "it answered 500"],
  ]);
  const again = await hub.ask("POST", `/api/webhooks/${id}/retry`);
  expect(again.body).toEqual({ taken: 2, left: 0 });
  expect((await dead()).items).toEqual([]);
  expect(ids(receiver.heard.slice(5))).toEqual([1, 2].map((seq) => `studio.${hub.epoch}.${seq}`));
});

test("a hub that was restarted goes on where it was", async () => {
  const receiver = await aReceiver(204);
  const store = openSqliteStore(":memory:");
  const keep = (...seqs: number[]) =>
    store.commit({
      ...{ sites: [], actors: [], incidents: [], quarantined: [], lost: [], marks: [] },
      events: seqs.map((seq) => ({ site: "studio", event: event(seq), receivedAtMs: 1 })),
    });
  const start = () => {
    const feed = openFeed(1);
    const log = pino({ level: "silent" });
    const guard = openGuard(loopback.allow);
    return openWebhooks({
      store,
      feed,
      guard,
      signing: openSigning(openHubKeys({ now: Date.now }).webhook),
      hub: "main",
      log,
      now: Date.now,
    });
  };
  await keep(1);
  const before = await start();
  await before.add({ url: receiver.url, types: null, sites: null, createdBy: "test" });
  await before.close();
  await keep(2, 3);
  const after = await start();
  await expect.poll(() => receiver.heard.length).toBe(2);
  await after.close();
  await keep(4);
  await (await start()).close();
  expect(ids(receiver.heard).map((id) => String(id).split(".").at(-1))).toEqual(["2", "3", "4"]);
});

test("a receiver that says it is gone is left alone until a person asks for it", async () => {
  const receiver = await aReceiver(410, 204);
  const hub = await aHub();
  const { id } = await hub.add({ url: receiver.url });
  hub.happens(1, "stream.onAir");
  await expect.poll(async () => (await hub.state(id))?.["disabledAt"]).not.toBe(null);
  hub.happens(2, "stream.onAir");
  await hub.ingest.flush();
  expect(receiver.heard).toHaveLength(1);
  await hub.ask("POST", `/api/webhooks/${id}/retry`);
  await expect.poll(() => receiver.heard.length).toBe(3);
});

test.each([
  ...["http://127.0.0.1/x", "http://[::1]/x", "http://169.254.169.254/latest", "http://10.0.0.1/"],
  ...["http://[::ffff:127.0.0.1]/", "http://[fd00::1]/", "http://0.0.0.0/", "http://2130706433/"],
  ...["http://0x7f.1/", "http://[64:ff9b::7f00:1]/", "https://100.64.0.1/", "http://[fe80::1]/"],
])("the hub is not sent to its own network: %s", async (url) => {
  const hub = await aHub({});
  const answer = await hub.ask("POST", "/api/webhooks", { body: { url } });
  expect([answer.status, answer.body["code"]]).toEqual([400, "forbidden_address"]);
});

test("a name that leads to the hub's own network is refused at each connection", async () => {
  const receiver = await aReceiver();
  const hub = await aHub({ allow: ["192.0.2.0/24"] });
  const url = receiver.url.replace("127.0.0.1", "localhost");
  const { id } = await hub.add({ url });
  const said = await hub.ask("POST", `/api/webhooks/${id}/test`);
  expect(said.body["taken"]).toBe(false);
  expect(said.body["error"]).toMatch(/is not on the internet/);
  expect(receiver.heard).toEqual([]);
});

test("a test says what the receiver answered, and a new secret ends the old one", async () => {
  const receiver = await aReceiver(204, 404);
  const hub = await aHub();
  const { id, secret } = await hub.add({ url: receiver.url });
  expect((await hub.ask("POST", `/api/webhooks/${id}/test`)).body).toEqual({
    ...{ taken: true, error: null },
  });
  const renewed = await hub.ask("POST", `/api/webhooks/${id}/secret`);
  expect(renewed.body["secret"]).not.toBe(secret);
  expect((await hub.ask("POST", `/api/webhooks/${id}/test`)).body["error"]).toBe("it answered 404");
  expect((await hub.ask("DELETE", `/api/webhooks/${id}`)).status).toBe(204);
  expect((await hub.ask("POST", `/api/webhooks/${id}/test`)).status).toBe(404);
});

test.each([
  { url: "ftp://example.org/" },
  { url: "https://me:secret@example.org/" },
  { url: "https://example.org/", types: ["stream.*.x"] },
  { url: "https://example.org/", extra: 1 },
])("a wrong webhook is refused, and none is made: %o", async (body) => {
  const hub = await aHub();
  const answer = await hub.ask("POST", "/api/webhooks", { body });
  expect([answer.status, answer.body["code"]]).toEqual([400, "malformed"]);
  expect((await hub.ask("GET", "/api/webhooks")).body["items"]).toEqual([]);
});
