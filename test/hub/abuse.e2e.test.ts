/** A real hub, and people who do not mean well, or scripts that are broken. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { HubService } from "../../hub/api/grpc/gen/understudy/v1/hub_pb.js";
import { until } from "../e2e/facility.ts";
import { Hub } from "../e2e/hub.ts";
import { at } from "../setup/effort.ts";
import { encoder, event, info, stream } from "./messages.ts";

let hub: Hub;
const folder = mkdtempSync(join(tmpdir(), "understudy-abuse-"));

beforeAll(async () => {
  const config = join(folder, "hub.yaml");
  // Limits by address and key would answer before anything here is reached.
  const plenty = "{ requests: 1000000, keyPerHour: 100000000 }";
  const others = "mqtt: { broker: { anonymous: true } }\ngrpc: { port: 0 }";
  writeFileSync(config, `rateLimit: ${plenty}\n${others}\n`);
  hub = await Hub.start(config, { isClosed: true });
}, 60_000);
afterAll(async () => {
  await hub?.close();
  rmSync(folder, { recursive: true });
});

const count = at({ check: 1_000, test: 1_500, torture: 10_000 });
/** Queries and calls cost the hub more than a path that means nothing. */
const fewer = at({ check: 300, test: 500, torture: 10_000 });
const authorization = () => `Bearer ${hub.adminKey}`;
const ask = (path: string, init: RequestInit = {}) =>
  fetch(hub.url + path, { ...init, headers: { authorization: authorization(), ...init.headers } });
const residentKiB = () => {
  const status = readFileSync(`/proc/${hub.pid()}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
};

test("requests that come drop by drop are ended, and nobody else waits for them", async () => {
  const { port, hostname } = new URL(hub.url);
  let ended = 0;
  const slow = Array.from({ length: 300 }, (): Socket => {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    socket.on("close", () => (ended += 1));
    socket.write("GET /api/sites HTTP/1.1\r\nHost: hub\r\nX-Slow: ");
    return socket;
  });
  const dripping = setInterval(() => slow.forEach((socket) => socket.write("a")), 500);
  expect((await ask("/api/sites")).status).toBe(200);
  await until("all of them are ended", () => ended === slow.length, 60_000);
  clearInterval(dripping);
  expect((await ask("/api/sites")).status).toBe(200);
}, 120_000);

test("headers and bodies beyond all reason are refused, and the hub goes on", async () => {
  const headers = { "x-long": "a".repeat(9_000) };
  expect((await ask("/api/sites", { headers })).status).toBe(431);
  const body = JSON.stringify({ name: "a".repeat(1_048_576) });
  const json = { "content-type": "application/json" };
  // Node may end the connection while the body is still on its way.
  const large = await ask("/api/users", { method: "POST", body, headers: json }).then(
    ({ status }) => status,
    () => 413,
  );
  expect(large).toBe(413);
  expect((await ask("/api/sites")).status).toBe(200);
});

test(`${count} malformed requests: each is refused, none by an error of ours, and memory stays`, async () => {
  const { paths } = (await (await ask("/openapi.json")).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const routes = Object.entries(paths).flatMap(([path, verbs]) =>
    Object.keys(verbs).map((verb) => ({ path, method: verb.toUpperCase() })),
  );
  const odd = ["%00", "..%2f..", "x~y~z", "😀", "__proto__", "a".repeat(900), "%E0%A4%A", "1e308"];
  const bodies = ["{", "[]", '"text"', "null", '{"__proto__":{"a":1}}', '{"verb":1e308}', "\u0000"];
  const pick = <T>(all: readonly T[], n: number) => all[n % all.length]!;
  async function round(of: number): Promise<Map<number, number>> {
    const statuses = new Map<number, number>();
    const one = async (n: number) => {
      const { path, method } = pick(routes, n * 7);
      const url = path.replace(/\{\w+\}/g, () => pick(odd, n)) + (n % 3 ? "" : "?limit=-1&x[]=%");
      const hasBody = method !== "GET" && method !== "HEAD" && method !== "DELETE";
      const reply = await ask(url, {
        method,
        headers: { "content-type": n % 5 ? "application/json" : "text/odd" },
        ...(hasBody && { body: pick(bodies, n * 3) }),
      });
      await reply.arrayBuffer();
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
    };
    for (let n = 0; n < of; n += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, at) => one(n + at)));
    }
    return statuses;
  }
  // Node takes what it finds useful first: 60,000 more need no more than this (50 MiB, measured).
  await round(count / 2);
  const before = residentKiB();
  const statuses = await round(count);
  const failed = [...statuses].filter(([status]) => status >= 500 && status !== 501);
  expect(failed).toEqual([]);
  // They came as far as they should.
  expect([...statuses.keys()]).toEqual(expect.arrayContaining([400, 404, 415]));
  expect(residentKiB() - before).toBeLessThan(64 * 1_024);
  expect((await ask("/api/sites")).status).toBe(200);
}, 300_000);

/** The same in every run: what failed can be seen again. */
function seeded(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
}

test(`${fewer} malformed queries: each is answered, none by an error of ours, and memory stays`, async () => {
  const random = seeded(7);
  const seeds = [
    `query Q($n: Int = 3) { sites(first: $n) { nodes { id ...F } } } fragment F on Site { online }`,
    `{ streams(site: "studio") { edges { cursor node { id encoder { figures { temperatureC { value } } } } } } }`,
    `mutation { commandStream(id: "main", verb: ADD_WINDOW, dryRun: true, args: { window: { id: "w",
       start: "2026-11-22T10:00", zone: "Europe/Vienna", durationMs: 1000 } }) { id status } }`,
    `{ incidents(since: "2026-01-05T10:00:00Z", stream: "a~b") { nodes { timeline { at what } } } }`,
    `{ __schema { types { name fields { name type { name } } } } }`,
  ];
  const signs = [...'{}()[]:!$@|="\\\u0000…😀 \n', "...", "on", "null", "-1", "1e400", "__proto__"];
  const mutated = () => {
    let text = seeds[random(seeds.length)]!;
    for (let n = 1 + random(4); n > 0; n--) {
      const at = random(text.length);
      text = text.slice(0, at) + signs[random(signs.length)]! + text.slice(at + random(3));
    }
    return text;
  };
  const variables = () => [undefined, null, { n: "x" }, { n: -1 }, { n: 1e9 }, []][random(6)];
  const codes = new Map<string, number>();
  async function round(of: number): Promise<void> {
    const one = async () => {
      const body = JSON.stringify({ query: mutated(), variables: variables() });
      const headers = { "content-type": "application/json" };
      const reply = await ask("/graphql", { method: "POST", headers, body });
      const answer = (await reply.json()) as {
        code?: string;
        errors?: { extensions?: { code: string } }[];
      };
      // A body that is none is a problem as in REST.
      const said = answer.code ?? answer.errors?.[0]?.extensions?.code ?? String(reply.status);
      codes.set(said, (codes.get(said) ?? 0) + 1);
      expect([body, reply.status < 500]).toEqual([body, true]);
    };
    for (let n = 0; n < of; n += 50) await Promise.all(Array.from({ length: 50 }, one));
  }
  await round(500);
  const before = residentKiB();
  await round(fewer);
  expect([...codes.keys()]).not.toContain("internal");
  expect([...codes.keys()]).toEqual(expect.arrayContaining(["malformed", "200"]));
  expect(residentKiB() - before).toBeLessThan(64 * 1_024);
  expect((await ask("/api/sites")).status).toBe(200);
}, 300_000);

test(`${fewer} malformed calls by gRPC: each is answered, none by an error of ours, and memory stays`, async () => {
  const random = seeded(11);
  const session = connectHttp2(hub.grpcUrl);
  const methods = HubService.methods.filter(({ methodKind }) => methodKind === "unary");
  const statuses = new Map<string, number>();
  const failed: string[] = [];
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const { name } = methods[random(methods.length)]!;
      const bytes = Buffer.from(Array.from({ length: random(40) }, () => random(256)));
      const size = random(8) === 0 ? random(2 ** 31) : bytes.length;
      const head = Buffer.alloc(5);
      head.writeUInt8(random(10) === 0 ? random(256) : 0, 0);
      head.writeUInt32BE(size, 1);
      const call = session.request({
        ...{ ":method": "POST", ":path": `/understudy.v1.HubService/${name}` },
        ...{ "content-type": "application/grpc", te: "trailers", authorization: authorization() },
        ...(random(10) === 0 && { "grpc-timeout": `${random(9)}${"HMSmunx"[random(7)]!}` }),
      });
      const heard = (headers: Record<string, unknown>) => {
        const { "grpc-status": status, "grpc-message": said = "" } = headers as Record<
          string,
          string | undefined
        >;
        if (status !== undefined) statuses.set(status, (statuses.get(status) ?? 0) + 1);
        // 13 is also what gRPC says of bytes that are no message; 2 and 15 would be ours.
        const message = decodeURIComponent(said);
        const isOurs = ["2", "15"].includes(status ?? "") || message.includes("the hub failed");
        if (isOurs) failed.push(`${name}: ${status} ${message} ${bytes.toString("hex")}`);
      };
      call.on("response", heard);
      call.on("trailers", heard);
      call.on("error", reject);
      call.on("close", resolve);
      call.resume();
      call.end(random(20) === 0 ? head : Buffer.concat([head, bytes]));
    });
  async function round(of: number): Promise<void> {
    for (let n = 0; n < of; n += 50) await Promise.all(Array.from({ length: 50 }, one));
  }
  await round(500);
  const before = residentKiB();
  await round(fewer);
  session.destroy();
  expect(failed).toEqual([]);
  expect([...statuses.keys()]).toEqual(expect.arrayContaining(["3", "5"]));
  expect(residentKiB() - before).toBeLessThan(64 * 1_024);
  expect((await ask("/api/sites")).status).toBe(200);
}, 300_000);

const wsUrl = (path: string) => hub.url.replace("http", "ws") + path;
/** A socket that is open, with what it hears and how it ends. */
function aSocket(path: string, protocol?: string) {
  const socket = new WebSocket(wsUrl(path), protocol);
  const heard: string[] = [];
  socket.on("message", (data: Buffer) => heard.push(data.toString()));
  socket.on("error", () => undefined);
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  const isOpen = new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return { socket, heard, closed, isOpen };
}
/** Changes a few places of a text that was good. */
function mutator(random: (below: number) => number, seeds: readonly string[]) {
  const signs = [
    ...'{}[]:,"\\\u0000…😀',
    "null",
    "-1",
    "1e400",
    "__proto__",
    "true",
    "[[[[",
    '{"a":',
  ];
  return () => {
    let text = seeds[random(seeds.length)]!;
    for (let n = 1 + random(4); n > 0; n--) {
      const at = random(text.length);
      text = text.slice(0, at) + signs[random(signs.length)]! + text.slice(at + random(4));
    }
    return text;
  };
}
async function inBatches(of: number, one: () => Promise<void>): Promise<void> {
  for (let n = 0; n < of; n += 25) await Promise.all(Array.from({ length: 25 }, one));
}

test(`${fewer} malformed messages by Socket.IO: nothing of ours fails, and memory stays`, async () => {
  const random = seeded(13);
  const mutated = mutator(random, [
    '42["subscribe",{"stream_id":"studio~main"}]',
    '427["subscribe",{"encoder_ids":["a","b~c"],"summary":true}]',
    '42["unsubscribe",{"site_id":"studio"}]',
    '451-["subscribe",{"_placeholder":true,"num":0}]',
    '40/admin,{"token":"x"}',
    "41",
  ]);
  let answered = 0;
  let comers = 0;
  /** Ten: more in a second are refused unread. */
  const one = async () => {
    const { socket, heard, closed, isOpen } = aSocket("/socket.io/?EIO=4&transport=websocket");
    await isOpen;
    socket.send(`40${JSON.stringify({ token: hub.adminKey })}`);
    await until("it is in", () => heard.some((text) => text.startsWith("40")), 60_000);
    comers += 1;
    for (let n = 0; n < 10; n++) {
      const text = mutated();
      socket.send(random(10) === 0 ? Buffer.from(text) : text);
    }
    // Whoever was not sent away is heard as before.
    socket.send("2");
    await Promise.race([closed, until("it is alive", () => heard.includes("3"), 60_000)]);
    answered += heard.length;
    socket.terminate();
  };
  await inBatches(50, one);
  const before = residentKiB();
  const pid = hub.pid();
  await inBatches(fewer / 10, one);
  expect(comers).toBeGreaterThanOrEqual(50 + fewer / 10);
  expect(answered).toBeGreaterThan(comers);
  expect(residentKiB() - before).toBeLessThan(64 * 1_024);
  expect([hub.pid(), (await ask("/api/sites")).status]).toEqual([pid, 200]);
}, 300_000);

test(`${fewer} malformed messages by graphql-ws: each is answered or ends its socket, none by an error of ours`, async () => {
  const random = seeded(17);
  const begin = JSON.stringify({ type: "connection_init", payload: { token: hub.adminKey } });
  const mutated = mutator(random, [
    begin,
    '{"type":"subscribe","id":"1","payload":{"query":"subscription { siteChanged { id } }"}}',
    '{"type":"subscribe","id":"2","payload":{"query":"{ sites { nodes { id } } }","variables":{"n":1}}}',
    '{"type":"complete","id":"1"}',
    '{"type":"ping","payload":{"a":[1,2,3]}}',
  ]);
  const codes = new Map<number, number>();
  let spoken = 0;
  const one = async () => {
    const { socket, heard, closed, isOpen } = aSocket("/graphql", "graphql-transport-ws");
    await isOpen;
    const isIn = random(4) > 0;
    if (isIn) {
      socket.send(begin);
      await until("it is in", () => heard.length > 0, 60_000);
    }
    const text = mutated();
    socket.send(random(10) === 0 ? Buffer.from(text) : text);
    // Answered, or sent away; a mutation may have left it as good as it was.
    socket.send('{"type":"ping"}');
    const pong = () => heard.some((said) => said.includes('"pong"'));
    const code = await Promise.race([closed, until("it is alive", pong, 60_000).then(() => 0)]);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    spoken += heard.filter((said) => said.includes('"internal"')).length;
    socket.terminate();
  };
  await inBatches(100, one);
  const before = residentKiB();
  await inBatches(fewer, one);
  expect(spoken).toBe(0);
  expect([...codes.keys()]).not.toContain(1011);
  expect([...codes.keys()]).toEqual(expect.arrayContaining([0, 4400]));
  expect(residentKiB() - before).toBeLessThan(64 * 1_024);
  expect((await ask("/api/sites")).status).toBe(200);
}, 300_000);

test(`${count} malformed messages by MQTT: kept aside, broker and hub go on, and memory stays`, async () => {
  const random = seeded(19);
  const broker = hub.brokerPid();
  const paths = [
    ...["availability", "info", "event", "telemetry", "encoder/helo-a/state", "stream/main/state"],
    ...["encoder/helo-a/availability", "response/stream/main/stop", "site/flood/state", "ack/main"],
  ];
  const mutated = mutator(random, [
    ...[info({ site: "flood" }), encoder(), stream(), event(1)].map((said) => JSON.stringify(said)),
    '{"id":"1","status":"done","message":"x","atMs":1}',
    '{"atMs":1,"encoders":{"helo-a":{"temperatureC":{"value":1,"atMs":1,"source":"device"}}}}',
    "online",
  ]);
  const site = await connectAsync(`mqtt://127.0.0.1:${hub.mqttPort}`);
  const one = async () => {
    const payload =
      random(5) === 0 ? Buffer.from(Array.from({ length: 60 }, () => random(256))) : mutated();
    const topic = `understudy/v1/flood/${paths[random(paths.length)]!}`;
    await site.publishAsync(topic, payload, { qos: 1, retain: random(4) === 0 });
  };
  const heard = async () => {
    const sites = ((await (await ask("/api/sites")).json()) as { items: Record<string, unknown>[] })
      .items;
    return sites.find(({ id }) => id === "flood");
  };
  await inBatches(500, one);
  const before = residentKiB();
  await inBatches(count, one);
  // Bytes that are no MQTT at all, and packets that are cut or longer than they say.
  const connectPacket = Buffer.from([
    16, 16, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, 4, 97, 98, 99, 100,
  ]);
  await inBatches(fewer, async () => {
    const bytes =
      random(2) === 0
        ? Buffer.from(Array.from({ length: 1 + random(200) }, () => random(256)))
        : Buffer.from(connectPacket);
    bytes[random(bytes.length)] = random(256);
    const socket = connect(hub.mqttPort, "127.0.0.1");
    socket.on("error", () => undefined);
    await new Promise<void>((resolve) => socket.end(bytes, () => resolve()));
    socket.resume();
    setTimeout(() => socket.destroy(), 200).unref();
  });
  await until("the hub has heard of it", async () => (await heard()) !== undefined);
  expect(residentKiB() - before).toBeLessThan(64 * 1_024);
  expect(hub.brokerPid()).toBe(broker);
  expect((await ask("/api/sites")).status).toBe(200);
  // Who keeps to the rules is heard as before.
  const tell = (path: string, payload: object) =>
    site.publishAsync(`understudy/v1/flood2/${path}`, JSON.stringify(payload), { qos: 1 });
  await tell("info", info({ site: "flood2" }));
  await tell("stream/main/state", stream());
  await until("it is known", async () => (await ask("/api/streams/flood2~main")).status === 200);
  await site.endAsync();
}, 300_000);

test("one idempotency key, sent 1,000 times at once, asks the site once", async () => {
  const site = await connectAsync(`mqtt://127.0.0.1:${hub.mqttPort}`);
  let asked = 0;
  site.on("message", () => (asked += 1));
  await site.subscribeAsync("understudy/v1/studio/request/#", { qos: 1 });
  const tell = (path: string, payload: unknown) =>
    site.publishAsync(`understudy/v1/studio/${path}`, JSON.stringify(payload), {
      ...{ qos: 1, retain: true },
    });
  await tell("info", info());
  await site.publishAsync("understudy/v1/studio/availability", "online", { qos: 1, retain: true });
  await tell("stream/main/state", stream());
  await until(
    "the stream is known",
    async () => (await ask("/api/streams/studio~main")).status === 200,
  );
  const replies = await Promise.all(
    Array.from({ length: 1_000 }, () =>
      ask("/api/streams/studio~main/commands", {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": "once-only-please" },
        body: JSON.stringify({ verb: "stop" }),
      }),
    ),
  );
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([202]));
  const ids = await Promise.all(replies.map(async (r) => ((await r.json()) as { id: string }).id));
  expect(new Set(ids).size).toBe(1);
  await until("the site was asked", () => asked > 0);
  expect(asked).toBe(1);
  await site.endAsync();
}, 120_000);
