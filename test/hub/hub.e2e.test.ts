/** The built hub as an operator runs it, with a site that speaks real MQTT to it. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { connectAsync, type MqttClient } from "mqtt";
import { io, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { encoder, event, incident, info, stream } from "./messages.ts";

const patience = { timeout: 30_000, interval: 50 };
const dist = join(import.meta.dirname, `../.cache/hub-${process.pid}`);
const closers: (() => Promise<unknown> | void)[] = [];

beforeAll(async () => {
  mkdirSync(dist, { recursive: true });
  await build({
    entryPoints: { hub: "hub/main.ts", broker: "hub/broker/main.ts" },
    ...{ outdir: dist, bundle: true, platform: "node", target: "node20", format: "esm" },
    packages: "external",
  });
});
afterAll(() => rmSync(dist, { recursive: true, force: true }));
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Ready = { url: string; mqttUrl: string };
type Running = Ready & { child: ChildProcess; key: string; stderr: () => string };

function aStateDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "hub-e2e-"));
  closers.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function run(stateDir: string, flags: string[]) {
  const args = [join(dist, "hub.js"), "--state-dir", stateDir, ...flags];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const text = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text.err += chunk.toString()));
  const exited = new Promise<number | null>((done) => child.once("exit", (code) => done(code)));
  return { child, text, exited };
}

async function start(stateDir: string, flags: string[] = [], key = ""): Promise<Running> {
  const ports = ["--port", "0", "--mqtt-port", "0"].filter(
    (_, i) => !flags.includes(i < 2 ? "--port" : "--mqtt-port"),
  );
  const { child, text, exited } = run(stateDir, [...ports, ...flags]);
  closers.push(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const ready = () =>
    text.out
      .split("\n")
      .filter((line) => line.includes('"code":"ready"'))
      .map((line) => JSON.parse(line) as Ready)[0];
  await expect.poll(ready, { ...patience, message: "hub ready" }).toBeDefined();
  const { url, mqttUrl } = ready() ?? { url: "", mqttUrl: "" };
  const printed = /us_adm_\w+/.exec(text.err)?.[0] ?? key;
  return { url, mqttUrl, child, key: printed, stderr: () => text.err };
}

type Json = Record<string, unknown>;
async function call(hub: Pick<Running, "url" | "key">, path: string, body?: object, prefer = "") {
  const headers = {
    authorization: `Bearer ${hub.key}`,
    ...(body && { "content-type": "application/json" }),
    ...(prefer && { prefer }),
  };
  const init = body ? { method: "POST", body: JSON.stringify(body), headers } : { headers };
  const reply = await fetch(hub.url + path, init);
  return { status: reply.status, body: (await reply.json()) as Json };
}
const items = async (hub: Running, path: string) => (await call(hub, path)).body["items"] as Json[];

async function siteKey(hub: Running, site: string): Promise<string> {
  const made = await call(hub, "/api/keys", { name: site, kind: "site", site });
  return String(made.body["key"]);
}

/** A site with an outbox: sends again from where it is asked to, as a daemon does. */
async function aSite(hub: Running, password: string, url = hub.mqttUrl) {
  const root = "understudy/v1/studio";
  const sent: unknown[] = [];
  const acks: Json[] = [];
  const ackTopics = new Set<string>();
  const replays: Json[] = [];
  const requests: { topic: string; json: Json }[] = [];
  let session = "s1";
  const client: MqttClient = await connectAsync(url, {
    ...{ username: "studio", password, protocolVersion: 4, reconnectPeriod: 200, clean: true },
    will: { topic: `${root}/availability`, payload: Buffer.from("offline"), qos: 1, retain: true },
  });
  closers.push(() => client.endAsync(true));
  const say = (path: string, payload: unknown, retain = false) => {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    return client.publishAsync(`${root}/${path}`, text, { qos: 1, retain });
  };
  client.on("message", (topic, payload) => {
    const json = JSON.parse(payload.toString()) as Json;
    if (topic.includes("/ack/")) {
      acks.push(json);
      ackTopics.add(topic);
    } else if (topic.includes("/request/")) requests.push({ topic, json });
    else {
      replays.push(json);
      for (const one of sent.slice(Number(json["seq"]) - 1)) void say("event", one);
    }
  });
  async function birth() {
    await client.subscribeAsync([`${root}/ack/+`, `${root}/replay`, `${root}/request/#`], {
      qos: 1,
    });
    await say("info", info({ session, seq: sent.length }), true);
    await say("encoder/helo-a/state", encoder({ session }), true);
    await say("stream/main/state", stream({ session }), true);
    await say("availability", "online", true);
  }
  client.on("connect", () => {
    session = `s${Number(session.slice(1)) + 1}`;
    void birth();
  });
  await birth();
  return {
    ...{ client, say, acks, replays, requests, sent },
    session: () => session,
    ackTopics: () => [...ackTopics],
    /** Decide something: into the outbox, and unless `lost` onto the wire. */
    decides: async (over: object = {}, how: "sent" | "lost" = "sent") => {
      const one = { ...event(sent.length + 1), ...over };
      sent.push(one);
      if (how === "sent") await say("event", one);
    },
    ackedSeq: () => Number(acks.at(-1)?.["seq"] ?? 0),
  };
}

async function aHubWithASite() {
  const stateDir = aStateDir();
  const hub = await start(stateDir);
  const password = await siteKey(hub, "studio");
  const site = await aSite(hub, password);
  const streamItem = async () => (await items(hub, "/api/streams"))[0];
  await expect.poll(streamItem, patience).toMatchObject({ carriage: "onAir", stale: false });
  return { stateDir, hub, password, site, streamItem };
}

test("a site's decisions arrive once and in order, whatever the wire does to them", async () => {
  const { hub, site } = await aHubWithASite();
  await site.decides();
  await site.decides({}, "lost");
  await site.decides({ type: "stream.newWord", severity: "purple" });
  await site.decides({ message: 17 });
  await site.decides({ data: { incident: incident() } });
  await site.say("event", site.sent[0]);
  await expect.poll(site.ackedSeq, patience).toBe(5);
  expect(site.replays[0]).toEqual({ epoch: "e1", seq: 2 });
  const events = await items(hub, "/api/events");
  expect(events.map((e) => e["seq"])).toEqual([5, 3, 2, 1]);
  expect(events[1]).toMatchObject({ type: "stream.newWord", severity: "unknown" });
  expect((await call(hub, "/api/sites/studio")).body).toMatchObject({
    quarantined: 1,
    ackedSeq: 5,
  });
  const told = await items(hub, "/api/incidents");
  expect(told).toMatchObject([{ ref: "studio~inc-1", offAirMs: 1_800 }]);
});

test("a cut link makes everything stale; an inventory without an encoder buries it", async () => {
  const { hub, site, streamItem } = await aHubWithASite();
  const inventory = [{ kind: "stream", id: "main" }];
  await site.say("info", info({ session: site.session(), inventory }), true);
  await expect.poll(() => items(hub, "/api/encoders"), patience).toEqual([]);
  site.client.options.reconnectPeriod = 0;
  site.client.stream.destroy();
  await expect.poll(streamItem, patience).toMatchObject({ stale: true, carriage: "onAir" });
  const asked = await call(hub, "/api/streams/main/commands", { verb: "stop" });
  expect([asked.status, asked.body["code"]]).toEqual([503, "site_offline"]);
});

test("a command goes to the site, and its refusal comes back to who asked", async () => {
  const { hub, site } = await aHubWithASite();
  site.client.on("message", (topic, payload) => {
    if (!topic.includes("/request/")) return;
    const { id } = JSON.parse(payload.toString()) as { id: string };
    const answer = { id, status: "refused", code: "not_possible", message: "no", atMs: Date.now() };
    void site.say(topic.split("/").slice(3).join("/").replace("request", "response"), answer);
  });
  const body = { verb: "failover", args: { to: "helo-a" } };
  const asked = await call(hub, "/api/streams/main/commands", body, "wait=30");
  expect(asked.status).toBe(200);
  expect(asked.body).toMatchObject({ status: "refused", code: "not_possible" });
  expect(site.requests[0]?.json).toMatchObject({ by: "bootstrap", args: { to: "helo-a" } });
});

test("a hub that is killed loses nothing it has acknowledged and asks for the rest", async () => {
  const { stateDir, hub, password, site } = await aHubWithASite();
  for (let n = 0; n < 50; n++) await site.decides();
  await expect.poll(site.ackedSeq, patience).toBe(50);
  const gone = new Promise((done) => hub.child.once("exit", done));
  hub.child.kill("SIGKILL");
  await gone;
  for (let n = 0; n < 50; n++) await site.decides({}, "lost");
  const { port } = new URL(hub.mqttUrl);
  const again = await start(stateDir, ["--mqtt-port", port], hub.key);
  expect(again.stderr()).not.toContain("us_adm_");
  expect(password).toMatch(/^us_site_/);
  await expect.poll(site.ackedSeq, patience).toBe(100);
  const seqs = (await items(again, "/api/events?limit=500")).map((e) => e["seq"]);
  expect(seqs).toEqual(Array.from({ length: 100 }, (_, n) => 100 - n));
  expect(Number(site.replays[0]?.["seq"])).toBe(51);
});

test("a broker that is killed is started again on its port, and the sites come back", async () => {
  const { hub, site, streamItem } = await aHubWithASite();
  const before = site.session();
  process.kill(await brokerPid(hub), "SIGKILL");
  await expect.poll(site.session, patience).not.toBe(before);
  await expect.poll(streamItem, patience).toMatchObject({ stale: false });
  await site.decides();
  await expect.poll(site.ackedSeq, patience).toBe(1);
  expect((await call(hub, "/health/detailed")).body).toMatchObject({ broker: { restarts: 1 } });
});

test("one HTTP port takes MQTT over WebSocket, REST and sockets; a socket sees changes", async () => {
  const { hub, password, site } = await aHubWithASite();
  const stranger = io(hub.url, { reconnection: false });
  closers.push(() => void stranger.close());
  const why = await new Promise<Error>((done) => stranger.once("connect_error", done));
  expect(why.message).toBe("Missing Authorization header");

  const socket: Socket = io(hub.url, { auth: { token: hub.key } });
  closers.push(() => void socket.close());
  const heard: { event: string; data: Json }[] = [];
  socket.onAny((name: string, data: Json) => heard.push({ event: name, data }));
  const last = (name: string) => heard.filter((h) => h.event === name).at(-1)?.data;
  const answer: unknown = await socket
    .timeout(20_000)
    .emitWithAck("subscribe", { stream_id: "main" });
  expect(answer).toEqual({ ok: true });
  await expect
    .poll(() => last("stream_health"), patience)
    .toMatchObject({
      ...{ stream_id: "main", state: "onAir", bitrate: 4_000_000, cpu_usage: null },
    });
  const bad: unknown = await socket.emitWithAck("subscribe", { stream_id: "none" });
  expect(bad).toEqual({ ok: false, error: "unknown_stream" });
  await socket.emitWithAck("subscribe", { site_id: "studio", board: true });
  await expect
    .poll(() => last("health_update"), patience)
    .toMatchObject({
      device_status: { cpu_usage: null, temperature: 61.5 },
      connection_health: { health_score: 92 },
    });
  const boards = () => heard.filter((h) => h.event === "board").map((h) => JSON.stringify(h.data));
  await expect.poll(boards, patience).toContainEqual(expect.stringContaining('"snapshot":true'));

  const session = site.session();
  await site.say("stream/main/state", stream({ session, seq: 1, carriage: "offAir" }), true);
  await site.decides({ severity: "critical" });
  await expect.poll(() => last("stream_health"), patience).toMatchObject({ state: "offAir" });
  await expect
    .poll(() => last("stream_error"), patience)
    .toMatchObject({
      ...{ stream_id: "main", code: "stream.suspect", severity: "critical" },
    });
  await expect.poll(boards, patience).toContainEqual(expect.stringContaining("offAir"));

  const ws = await connectAsync(`${hub.url.replace("http", "ws")}/mqtt`, {
    ...{ username: "studio", password, protocolVersion: 4, reconnectPeriod: 0 },
  });
  await ws.publishAsync(
    "understudy/v1/studio/telemetry",
    JSON.stringify({
      atMs: Date.now(),
      encoders: { "helo-a": { bitrateBps: 5_500_000 } },
    }),
  );
  await expect.poll(() => last("stream_health"), patience).toMatchObject({ bitrate: 5_500_000 });
  await ws.endAsync(true);
});

test("a taken port is named with what to do, and the exit code is 1", async () => {
  const squatter = createServer();
  await new Promise<void>((done) => squatter.listen(0, "127.0.0.1", done));
  closers.push(() => new Promise<void>((done) => void squatter.close(() => done())));
  const port = String((squatter.address() as AddressInfo).port);
  const cases = [
    { flags: ["--port", port, "--mqtt-port", "0"], flag: "--port" },
    { flags: ["--port", "0", "--mqtt-port", port], flag: "--mqtt-port" },
  ];
  for (const { flags, flag } of cases) {
    const { exited, text } = run(aStateDir(), flags);
    expect(await exited).toBe(1);
    expect(text.err).toContain(`port ${port} is taken`);
    expect(text.err).toContain(`${flag}\n`);
    expect(text.err).not.toContain("us_adm_");
  }
});

test("a bad hub.yaml is named at its line, and a good one is obeyed", async () => {
  const stateDir = aStateDir();
  const file = join(stateDir, "hub.yaml");
  writeFileSync(file, "prot: 8080\n");
  const { exited, text } = run(stateDir, ["--config", file]);
  expect(await exited).toBe(2);
  expect(text.err).toContain("hub.yaml:1:1 prot");
  writeFileSync(file, "id: west\nport: 0\nmqtt: { broker: { port: 0 } }\nlog: { level: info }\n");
  const hub = await start(stateDir, ["--config", file]);
  const site = await aSite(hub, await siteKey(hub, "studio"));
  await expect.poll(() => site.acks.length, patience).toBeGreaterThan(0);
  expect(site.ackTopics()).toEqual(["understudy/v1/studio/ack/west"]);
});

test("the open demo is refused where others can reach it", async () => {
  const flags = ["--demo-open", "--host", "0.0.0.0", "--port", "0", "--mqtt-port", "0"];
  const { exited, text } = run(aStateDir(), flags);
  expect(await exited).toBe(1);
  expect(text.err).toContain("--demo-open");
});

test("SIGTERM ends the hub and its broker, and both ports are free again", async () => {
  const { hub } = await aHubWithASite();
  const pid = await brokerPid(hub);
  const gone = new Promise<number | null>((done) => hub.child.once("exit", done));
  hub.child.kill("SIGTERM");
  expect(await gone).toBe(0);
  await expect.poll(() => isAlive(pid), patience).toBe(false);
  for (const url of [hub.url, hub.mqttUrl]) {
    const server = createServer();
    await new Promise<void>((done, fail) => {
      server.once("error", fail);
      server.listen(Number(new URL(url).port), "127.0.0.1", done);
    });
    await new Promise((done) => server.close(done));
  }
});

test("a broker does not outlive a hub that was killed", async () => {
  const { hub } = await aHubWithASite();
  const pid = await brokerPid(hub);
  hub.child.kill("SIGKILL");
  await expect.poll(() => isAlive(pid), patience).toBe(false);
});

async function brokerPid(hub: Running): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const pid = hub.child.pid ?? 0;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  const first = Number(children.trim().split(" ")[0]);
  expect(first).toBeGreaterThan(1);
  return first;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
