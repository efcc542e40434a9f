/** GraphQL and gRPC against a real hub and a real site: who watches sees each failover. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { rpcClient } from "../hub/api/rpc-client.ts";
import { closedAfterEach } from "./after-each.ts";
import { until } from "./facility.ts";
import { Hub, type Json } from "./hub.ts";

const { facility: aFacility, keep } = closedAfterEach();

async function aHub(): Promise<Hub> {
  const folder = mkdtempSync(join(tmpdir(), "understudy-graph-"));
  keep({ close: async () => rmSync(folder, { recursive: true }) });
  const config = join(folder, "hub.yaml");
  writeFileSync(config, "mqtt: { broker: { anonymous: true } }\ngrpc: { port: 0 }\n");
  return keep(await Hub.start(config, { isClosed: true }));
}

/** A socket of `graphql-transport-ws`, as the libraries that speak it do. */
async function aSocket(hub: Hub, payload?: object) {
  const socket = new WebSocket(`${hub.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  keep({ close: async () => socket.terminate() });
  const heard: Json[] = [];
  let closed: number | undefined;
  socket.on("message", (data: Buffer) => heard.push(JSON.parse(data.toString()) as Json));
  socket.on("close", (code) => (closed = code));
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  const say = (what: object | string) =>
    socket.send(typeof what === "string" ? what : JSON.stringify(what));
  if (payload) {
    say({ type: "connection_init", payload });
    await until("the hub lets us in or not", () => heard.length > 0 || closed !== undefined);
  }
  const subscribe = (id: string, query: string) =>
    say({ type: "subscribe", id, payload: { query } });
  const of = (id: string, type = "next") =>
    heard.filter((one) => one["id"] === id && one["type"] === type).map((one) => one["payload"]);
  return { say, subscribe, of, heard, closed: () => closed };
}

const poster = (hub: Hub) => async (query: string) => {
  const reply = await fetch(`${hub.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${hub.adminKey}` },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await reply.json()) as { data: Json; errors?: unknown };
  expect(errors).toBeUndefined();
  return data;
};

test("who watches by GraphQL or gRPC sees a failover asked for by the other, and what REST says of it", async () => {
  const hub = await aHub();
  const facility = await aFacility({
    farEnd: { behaviour: "acceptBoth" },
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
  });
  facility.startDaemon();
  const rpc = rpcClient(hub.grpcUrl, { key: hub.adminKey });
  keep({ close: async () => rpc.close() });
  const post = poster(hub);
  const socket = await aSocket(hub, { authorization: `Bearer ${hub.adminKey}` });
  expect(socket.heard[0]).toMatchObject({ type: "connection_ack" });

  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  const couldMove = () =>
    until("it could be moved", async () => {
      // Until the first acknowledgement the clocks cannot be compared, and a move is refused.
      const wish = { id: "studio~main", verb: "STREAM_VERB_FAILOVER", dryRun: true, waitS: 5 };
      const answer = await rpc.call("commandStream", wish).catch((): Json => ({}));
      return answer["status"] === "COMMAND_STATUS_DONE";
    });
  await couldMove();
  socket.subscribe(
    "s",
    `subscription { streamChanged(id: "main") { id stream { carriage carrier encoder { localId link } } } }`,
  );
  socket.subscribe("i", "subscription { incidentChanged { localId cause to outcome } }");
  const watch = rpc.follow("watch", { kinds: ["KIND_STREAM", "KIND_INCIDENT"] });
  await until(
    "both are told how it is now",
    () => socket.of("s").length > 0 && watch.heard.length > 0,
  );

  const asked = await post(
    `mutation { commandStream(id: "main", verb: FAILOVER, waitS: 15, idempotencyKey: "e2e") {
       status code message verb } }`,
  );
  expect(asked["commandStream"]).toMatchObject({ status: "DONE", verb: "failover" });
  await facility.untilOnAir("b");
  const lastByRpc = () =>
    watch.heard.flatMap((one) => ("stream" in one ? [one["stream"] as Json] : [])).at(-1);
  await until("gRPC has seen it", () => {
    const stream = lastByRpc();
    return stream?.["encoder"] === "b" && stream["carriage"] === "STREAM_CARRIAGE_ON_AIR";
  });

  await couldMove();
  const moveTo = (to: string) =>
    rpc.call("commandStream", {
      ...{ id: "studio~main", verb: "STREAM_VERB_FAILOVER", args: { to }, waitS: 20 },
    });
  expect(await moveTo("b")).toMatchObject({
    code: "not_possible",
    message: "not now: b carries it already",
  });
  const back = await moveTo("a");
  expect(back, JSON.stringify(back)).toMatchObject({ status: "COMMAND_STATUS_DONE" });
  await facility.untilOnAir("a");
  expect(facility.overlapMs()).toBe(0);
  const lastByGraph = () => socket.of("s").at(-1) as { data: Json } | undefined;
  await until("GraphQL has seen it", () =>
    JSON.stringify(lastByGraph()).includes(
      '"carriage":"ON_AIR","carrier":"CARRIED","encoder":{"localId":"a"',
    ),
  );
  await until("both have told the incidents", () => {
    const byRpc = watch.heard.filter((one) => "incident" in one);
    return socket.of("i").length >= 2 && byRpc.length >= 2;
  });
  const { incidents } = await post("{ incidents(first: 10) { nodes { localId to } } }");
  const listed = (await rpc.call("listIncidents"))["incidents"] as Json[];
  const { nodes } = incidents as { nodes: Json[] };
  expect(nodes.map(({ localId, to }) => ({ localId, to }))).toEqual(
    listed.map(({ localId, to }) => ({ localId, to })),
  );
  expect(nodes.slice(0, 2).map(({ to }) => to)).toEqual(["a", "b"]);
  watch.cancel();
}, 60_000);

test("a socket that does not keep to the rules, or whose key is revoked, is sent away", async () => {
  const hub = await aHub();
  const made = await fetch(`${hub.url}/api/keys`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${hub.adminKey}` },
    body: JSON.stringify({ name: "wall", kind: "ro" }),
  });
  const { key, id } = (await made.json()) as { key: string; id: string };
  const wall = await aSocket(hub, { token: key });
  wall.subscribe("1", "subscription { siteChanged { id } }");
  wall.say({ type: "ping" });
  await until("it is answered", () => wall.heard.some(({ type }) => type === "pong"));
  const stranger = await aSocket(hub, {
    token: `${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}`,
  });
  expect(stranger.closed()).toBe(4403);
  const cases: [say: (string | object)[], code: number, payload?: object][] = [
    [["nonsense"], 4400],
    [
      [{ type: "subscribe", id: "1", payload: { query: "subscription { siteChanged { id } }" } }],
      4401,
    ],
    [[{ type: "connection_init" }, { type: "connection_init" }], 4429, { token: key }],
    [Array.from({ length: 12 }, () => ({ type: "ping" })), 4429, { token: key }],
    [
      Array.from({ length: 2 }, () => ({
        ...{
          type: "subscribe",
          id: "1",
          payload: { query: "subscription { siteChanged { id } }" },
        },
      })),
      4409,
      { token: key },
    ],
    [[`"${"a".repeat(100_000)}"`], 1009, { token: key }],
  ];
  for (const [words, code, payload] of cases) {
    const one = await aSocket(hub, payload);
    words.forEach(one.say);
    await until(`it is closed with ${code}`, () => one.closed() !== undefined);
    expect(one.closed()).toBe(code);
  }
  const wrong = await aSocket(hub, { token: key });
  wrong.subscribe("q", "{ sites { nodes { id } } }");
  wrong.subscribe("u", `subscription { streamChanged(id: "nobody") { id } }`);
  await until(
    "both are refused",
    () => wrong.of("q", "error").length + wrong.of("u", "error").length > 1,
  );
  expect(wrong.of("q", "error")).toMatchObject([[{ extensions: { code: "needs_post" } }]]);
  expect(wrong.of("u", "error")).toMatchObject([[{ extensions: { code: "unknown_stream" } }]]);

  // Whoever does not say who it is, is waited for 5 s.
  const silent = await aSocket(hub);
  const openedMs = performance.now();
  await until("it is sent away", () => silent.closed() !== undefined);
  expect(silent.closed()).toBe(4408);
  expect(performance.now() - openedMs).toBeGreaterThan(4_000);
  expect(silent.heard).toEqual([]);

  const startMs = performance.now();
  await fetch(`${hub.url}/api/keys/${id}`, {
    ...{ method: "DELETE", headers: { authorization: `Bearer ${hub.adminKey}` } },
  });
  await until("its socket is closed", () => wall.closed() !== undefined);
  expect(wall.closed()).toBe(4403);
  expect(performance.now() - startMs).toBeLessThan(5 * 1_000);
}, 60_000);
