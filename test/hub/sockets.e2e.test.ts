/** Socket.IO of a real hub, and clients that ask for what is not theirs, too much, or too late. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { until } from "../e2e/facility.ts";
import { Hub } from "../e2e/hub.ts";
import { encoder, info, stream } from "./messages.ts";

let hub: Hub;
const folder = mkdtempSync(join(tmpdir(), "understudy-sockets-"));
const opened: { close(): unknown }[] = [];

beforeAll(async () => {
  const config = join(folder, "hub.yaml");
  const plenty = "{ requests: 1000000, keyPerHour: 100000000 }";
  writeFileSync(config, `rateLimit: ${plenty}\nmqtt: { broker: { anonymous: true } }\n`);
  hub = await Hub.start(config, { isClosed: true });
  const sites = await connectAsync(`mqtt://127.0.0.1:${hub.mqttPort}`);
  for (const site of ["studio", "chapel"]) {
    const tell = (path: string, payload: unknown) => {
      const text = typeof payload === "string" ? payload : JSON.stringify(payload);
      return sites.publishAsync(`understudy/v1/${site}/${path}`, text, { qos: 1, retain: true });
    };
    await tell("info", info({ site }));
    await tell("availability", "online");
    await tell("encoder/helo-a/state", encoder());
    await tell("stream/main/state", stream());
  }
  opened.push({ close: () => sites.endAsync(true) });
  await until("both sites are known", async () => {
    const known = async (site: string) =>
      (await ask("GET", `/api/streams/${site}~main`)).status === 200;
    return (await known("studio")) && known("chapel");
  });
}, 60_000);
afterAll(async () => {
  for (const one of opened) await one.close();
  await hub?.close();
  rmSync(folder, { recursive: true });
});

async function ask(method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${hub.adminKey}`, "content-type": "application/json" };
  const reply = await fetch(hub.url + path, {
    ...{ method, headers: body ? headers : { authorization: headers.authorization } },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  return { status: reply.status, body: (text && JSON.parse(text)) as Record<string, string> };
}
const aKey = async (sites?: string[]) =>
  (await ask("POST", "/api/keys", { name: "wall", kind: "ro", ...(sites && { sites }) })).body;

type Said = { ok: boolean; error?: string };
async function connected(token: string) {
  const auth = { token };
  const socket: Socket = io(hub.url, { transports: ["websocket"], reconnection: false, auth });
  opened.push(socket);
  const heard: { event: string; data: unknown }[] = [];
  socket.onAny((event: string, data: unknown) => heard.push({ event, data }));
  await new Promise<void>((resolve, reject) => {
    socket.on("connect", resolve);
    socket.on("connect_error", reject);
  });
  const subscribe = (wish: unknown) =>
    socket.timeout(20_000).emitWithAck("subscribe", wish) as Promise<Said>;
  return { socket, heard, subscribe };
}

test("what a foreign site has is refused as what nobody has, and nothing of it is heard", async () => {
  const { key } = await aKey(["studio"]);
  const { socket, heard, subscribe } = await connected(key!);
  const wishes = (site: string) => [
    { stream_id: `${site}~main` },
    { encoder_id: `${site}~helo-a` },
    { encoder_ids: [`${site}~helo-a`] },
    { site_id: site },
  ];
  const answers = async (site: string) => {
    const said: Said[] = [];
    for (const wish of wishes(site)) said.push(await subscribe(wish));
    return said;
  };
  const nobody = await answers("nowhere");
  expect(nobody.map(({ ok }) => ok)).toEqual([false, false, false, false]);
  // No more than ten messages a second.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect(await answers("chapel")).toEqual(nobody);
  expect(await subscribe({ board: true })).toEqual({ ok: true });
  await until("it has its board", () => heard.some(({ event }) => event === "board"));
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  for (const wish of wishes("studio")) expect(await subscribe(wish)).toEqual({ ok: true });

  const sites = await connectAsync(`mqtt://127.0.0.1:${hub.mqttPort}`);
  for (const site of ["chapel", "studio"]) {
    const topic = `understudy/v1/${site}/stream/main/state`;
    const later = JSON.stringify(stream({ seq: 9, carriage: "offAir" }));
    await sites.publishAsync(topic, later, { qos: 1, retain: true });
  }
  await sites.endAsync();
  await until("it hears its own", () => JSON.stringify(heard).includes("offAir"));
  expect(JSON.stringify(heard)).toContain("studio");
  expect(JSON.stringify(heard)).not.toContain("chapel");
  socket.close();
}, 60_000);

test("rooms are not entered by their own names", async () => {
  const { key } = await aKey(["studio"]);
  const { socket, heard, subscribe } = await connected(key!);
  for (const wish of ["board", "board:chapel", ["site:chapel"], { room: "site:chapel" }, {}]) {
    expect(await subscribe(wish)).toEqual({ ok: false, error: "malformed" });
  }
  expect(heard).toEqual([]);
  socket.close();
});

test("of more than ten messages in a second those beyond are refused, and the next second is free", async () => {
  const { key } = await aKey();
  const { socket, subscribe } = await connected(key!);
  const said = await Promise.all(Array.from({ length: 40 }, () => subscribe({ summary: true })));
  const refused = said.filter(({ error }) => error === "too_many_messages");
  // On a busy machine they may come spread over several seconds.
  expect(refused.length).toBeGreaterThan(0);
  expect(said.filter(({ ok }) => ok).length).toBeGreaterThanOrEqual(10);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect(await subscribe({ summary: true })).toEqual({ ok: true });
  socket.close();
});

test("a message of more than 16 KiB ends its connection, one below does not", async () => {
  const { key } = await aKey();
  const { socket, subscribe } = await connected(key!);
  expect(await subscribe({ stream_id: "a".repeat(15_000) })).toMatchObject({ ok: false });
  const gone = new Promise((resolve) => socket.on("disconnect", resolve));
  socket.emit("subscribe", { stream_id: "a".repeat(17_000) });
  await gone;
});

test("a page of another origin gets no connection, our own does", async () => {
  const { key } = await aKey();
  const from = (extraHeaders: Record<string, string>) =>
    new Promise<string>((resolve) => {
      const socket = io(hub.url, {
        ...{ transports: ["websocket"], reconnection: false, forceNew: true },
        ...{ auth: { token: key }, extraHeaders },
      });
      opened.push(socket);
      socket.on("connect", () => resolve("in"));
      socket.on("connect_error", () => resolve("out"));
    });
  expect(await from({ origin: "http://evil.example" })).toBe("out");
  expect(await from({ "sec-fetch-site": "cross-site" })).toBe("out");
  expect(await from({ origin: hub.url })).toBe("in");
});

test("who does not say who it is hears nothing and is sent away", async () => {
  const endOf = async (says?: string) => {
    const path = "/socket.io/?EIO=4&transport=websocket";
    const socket = new WebSocket(hub.url.replace("http", "ws") + path);
    opened.push(socket);
    const heard: string[] = [];
    socket.on("message", (data: Buffer) => heard.push(data.toString()));
    const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    await new Promise((resolve) => socket.on("open", resolve));
    const startMs = performance.now();
    if (says !== undefined) socket.send(says);
    await closed;
    // The greeting of the transport has its numbers only.
    return {
      heard: heard.filter((text) => !text.startsWith("0{")),
      ms: performance.now() - startMs,
    };
  };
  expect((await endOf('42["subscribe",{"board":true}]')).heard).toEqual([]);
  const silent = await endOf();
  expect(silent.heard).toEqual([]);
  // 5 s; a busy machine takes longer to say so. The library's own limit is 45 s.
  expect(silent.ms).toBeGreaterThan(4_000);
  expect(silent.ms).toBeLessThan(20_000);
}, 60_000);

test("a key that is revoked ends what it has open", async () => {
  const { key, id } = await aKey();
  const { socket, subscribe } = await connected(key!);
  expect(await subscribe({ board: true })).toEqual({ ok: true });
  const gone = new Promise((resolve) => socket.on("disconnect", resolve));
  const startMs = performance.now();
  expect((await ask("DELETE", `/api/keys/${id}`)).status).toBe(204);
  await gone;
  expect(performance.now() - startMs).toBeLessThan(5_000);
});
