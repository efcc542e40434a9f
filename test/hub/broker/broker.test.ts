import { createHash } from "node:crypto";
import { connect as connectTcp } from "node:net";
import { connect, connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { afterEach, expect, test } from "vitest";
import { openBroker, type Broker } from "../../../hub/broker/broker.ts";
import { openPacketMeter } from "../../../hub/broker/packet-limit.ts";
import { BrokerOptions, type BrokerAccount } from "../../../config/broker-program.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
const studio: BrokerAccount = {
  user: "studio",
  passwordSha256: hashOf("pw"),
  role: "site",
  site: "studio",
};
const hub: BrokerAccount = { user: "hub", passwordSha256: hashOf("hub"), role: "hub" };

async function aBroker(over: Partial<BrokerOptions> = {}): Promise<Broker> {
  const broker = await openBroker({
    ...BrokerOptions.parse({ port: 0, accounts: [studio, hub] }),
    ...over,
  });
  closers.push(() => broker.close());
  return broker;
}

async function login(url: string, username: string, password: string, over: IClientOptions = {}) {
  const client = await connectAsync(url, {
    ...{ username, password, protocolVersion: 4, reconnectPeriod: 0, ...over },
  });
  closers.push(() => client.endAsync(true));
  return client;
}
const tcp = (broker: Broker) => `mqtt://127.0.0.1:${broker.port}`;

function firstMessage(client: MqttClient): Promise<string> {
  return new Promise((resolve) =>
    client.once("message", (topic, p) => resolve(`${topic} ${p.toString()}`)),
  );
}
const closed = (client: MqttClient) => new Promise<void>((done) => client.once("close", done));

test("a site's message reaches the hub, over TCP and over WebSocket alike", async () => {
  const broker = await aBroker();
  const listener = await login(tcp(broker), "hub", "hub");
  await listener.subscribeAsync("understudy/v1/+/availability", { qos: 1 });
  for (const url of [tcp(broker), `ws://127.0.0.1:${broker.webSocketPort}`]) {
    const got = firstMessage(listener);
    const site = await login(url, "studio", "pw");
    await site.publishAsync("understudy/v1/studio/availability", "online", { qos: 1 });
    expect(await got).toBe("understudy/v1/studio/availability online");
  }
});

test("a wrong password and no password are both turned away", async () => {
  const broker = await aBroker();
  await expect(login(tcp(broker), "studio", "no")).rejects.toThrow("Not authorized");
  await expect(connectAsync(tcp(broker), { reconnectPeriod: 0 })).rejects.toThrow();
});

test("a site that speaks for another site loses its connection, and nobody hears it", async () => {
  const broker = await aBroker();
  const listener = await login(tcp(broker), "hub", "hub");
  await listener.subscribeAsync("#");
  const heard: string[] = [];
  listener.on("message", (topic) => heard.push(topic));
  const site = await login(tcp(broker), "studio", "pw");
  const gone = closed(site);
  site.publish("understudy/v1/other/availability", "online");
  await gone;
  const second = await login(tcp(broker), "studio", "pw");
  await second.publishAsync("understudy/v1/studio/availability", "online", { qos: 1 });
  await expect.poll(() => heard).toEqual(["understudy/v1/studio/availability"]);
});

test("a will for another site is not published", async () => {
  const broker = await aBroker();
  const listener = await login(tcp(broker), "hub", "hub");
  await listener.subscribeAsync("understudy/v1/+/availability");
  const heard: string[] = [];
  listener.on("message", (topic) => heard.push(topic));
  for (const name of ["other", "studio"]) {
    const topic = `understudy/v1/${name}/availability`;
    const will = { topic, payload: Buffer.from("offline"), qos: 1 as const, retain: true };
    const site = await login(tcp(broker), "studio", "pw", { will }).catch(() => undefined);
    site?.stream.destroy();
    if (name === "studio") await expect.poll(() => heard.length).toBeGreaterThan(0);
  }
  expect(heard).toEqual(["understudy/v1/studio/availability"]);
});

test("a site may not listen to another site", async () => {
  const broker = await aBroker();
  const site = await login(tcp(broker), "studio", "pw");
  await expect(site.subscribeAsync("understudy/v1/other/request/#")).rejects.toThrow();
  const granted = await site.subscribeAsync("understudy/v1/studio/request/#", { qos: 1 });
  expect(granted.map(({ qos }) => qos)).toEqual([1]);
});

test("a packet above the limit costs its sender the connection", async () => {
  const broker = await aBroker({
    limits: { ...BrokerOptions.parse({ port: 0 }).limits, packetBytes: 1_000 },
  });
  const site = await login(tcp(broker), "studio", "pw");
  const gone = closed(site);
  site.publish("understudy/v1/studio/event", "x".repeat(2_000));
  await gone;
});

test("an account that is taken away is disconnected at once", async () => {
  const broker = await aBroker();
  const site = await login(tcp(broker), "studio", "pw");
  const gone = closed(site);
  broker.setAccounts([hub]);
  await gone;
  await expect(login(tcp(broker), "studio", "pw")).rejects.toThrow("Not authorized");
});

test("anonymous is refused on an address that others can reach", async () => {
  await expect(aBroker({ host: "0.0.0.0", anonymous: true })).rejects.toThrow("loopback");
  const broker = await aBroker({ anonymous: true });
  const client = await connectAsync(tcp(broker), { reconnectPeriod: 0 });
  await client.endAsync(true);
});

test("the meter counts across any cut of the bytes, and refuses endless lengths", () => {
  const packet = Buffer.concat([Buffer.from([0x30, 0xc8, 0x01]), Buffer.alloc(200)]);
  const stream = Buffer.concat([packet, packet, Buffer.from([0xc0, 0x00]), packet]);
  for (const step of [1, 3, 7, stream.length]) {
    const meter = openPacketMeter(200);
    for (let at = 0; at < stream.length; at += step) meter(stream.subarray(at, at + step));
    expect(() => meter(Buffer.from([0x30, 0xc9, 0x01]))).toThrow("more than 200 bytes");
  }
  expect(() => openPacketMeter(2 ** 40)(Buffer.from([0x30, 255, 255, 255, 255, 1]))).toThrow();
});

test("bytes that are not MQTT are cut off, and the broker goes on", async () => {
  const broker = await aBroker();
  const socket = connectTcp(broker.port, "127.0.0.1");
  socket.on("error", () => undefined);
  const gone = new Promise((done) => socket.once("close", done));
  socket.write("GET / HTTP/1.1\r\n\r\n");
  await gone;
  await login(tcp(broker), "studio", "pw");
});

const limited = (limits: Partial<BrokerOptions["limits"]>) =>
  aBroker({ limits: { ...BrokerOptions.parse({ port: 0, accounts: [] }).limits, ...limits } });

test("one client more than there may be is turned away, and is let in when another has gone", async () => {
  const broker = await limited({ clients: 1 });
  const mayCome = async () => {
    const client = connect(tcp(broker), { username: "hub", password: "hub", reconnectPeriod: 0 });
    closers.push(() => client.endAsync(true));
    const came = new Promise<boolean>((done) => client.once("connect", () => done(true)));
    return Promise.race([came, closed(client).then(() => false)]);
  };
  const first = await login(tcp(broker), "hub", "hub");
  expect(await mayCome()).toBe(false);
  await first.endAsync();
  await expect.poll(mayCome).toBe(true);
});

test("a topic of more levels than there may be is refused", async () => {
  const broker = await limited({ topicLevels: 6 });
  const client = await login(tcp(broker), "hub", "hub");
  await client.subscribeAsync("understudy/v1/studio/a/b/c");
  const gone = closed(client);
  client.subscribe("understudy/v1/studio/a/b/c/d", () => undefined);
  await gone;
});

test("a client has so many subscriptions and no more, and keeps its connection", async () => {
  const broker = await limited({ subscriptionsPerClient: 2 });
  const client = await login(tcp(broker), "hub", "hub");
  for (const site of ["a", "b"]) await client.subscribeAsync(`understudy/v1/${site}/event`);
  await expect(client.subscribeAsync("understudy/v1/c/event")).rejects.toThrow();
  const got = firstMessage(client);
  const site = await login(tcp(broker), "hub", "hub");
  site.publish("understudy/v1/a/event", "1");
  expect(await got).toBe("understudy/v1/a/event 1");
});

test("who does not read is dropped, so that the others go on hearing", async () => {
  const broker = await limited({ drainTimeoutMs: 300 });
  const [stuck, hears] = [
    await login(tcp(broker), "hub", "hub"),
    await login(tcp(broker), "hub", "hub"),
  ];
  for (const client of [stuck, hears]) await client.subscribeAsync("understudy/v1/studio/event");
  let heard = 0;
  hears.on("message", () => heard++);
  stuck.stream.pause();
  const site = await login(tcp(broker), "studio", "pw");
  const large = Buffer.alloc(100_000);
  for (let n = 0; n < 300; n++) site.publish("understudy/v1/studio/event", large, { qos: 0 });
  await expect.poll(() => heard, { timeout: 30_000 }).toBe(300);
}, 60_000);
