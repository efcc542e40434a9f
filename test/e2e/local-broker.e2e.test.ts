/** A site with a broker of its own: whoever listens at the site goes on seeing it. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, kill, until } from "./facility.ts";
import { Hub } from "./hub.ts";
import { subscribe } from "./mosquitto.ts";
import { long } from "../setup/slow.ts";

const { facility: aFacility, keep } = closedAfterEach();
const password = "for-the-panel-at-the-site";
const topic = (below: string) => `understudy/v1/studio/${below}`;

let site: Facility | undefined;
afterEach(() => (site = undefined));

/** A facility whose configuration asks for a broker; on a free port unless told otherwise. */
async function aSite(options: { mqttUrl?: string; port?: number } = {}): Promise<Facility> {
  const facility = await aFacility({
    farEnd: { behaviour: "acceptBoth" },
    ...(options.mqttUrl !== undefined && { mqttUrl: options.mqttUrl }),
  });
  const passwordFile = join(facility.folder, "panel");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  const config = parse(readFileSync(facility.configFile, "utf8")) as { mqtt: object };
  config.mqtt = {
    ...config.mqtt,
    broker: {
      port: options.port ?? 0,
      readers: [{ username: "panel", password: `file:${passwordFile}` }],
    },
  };
  writeFileSync(facility.configFile, stringify(config));
  site = facility;
  return facility;
}

type Line = { code?: string; port?: number };
const logged = (code: string): Line[] =>
  (site?.log ?? "")
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Line)
    .filter((line) => line.code === code);
const portOf = () => until("the local broker listens", () => logged("local_broker").at(-1)?.port);

async function aPanel() {
  const port = await portOf();
  return keep(subscribe({ port, login: { username: "panel", password }, filter: topic("#") }));
}
type Seen = { onAir?: string; seq?: number };
const stream = (panel: { last(topic: string): string | undefined }) =>
  JSON.parse(panel.last(topic("stream/main/state")) ?? "{}") as Seen & Record<string, unknown>;
const eventsHeard = (panel: { heard: { topic: string; payload: string }[] }) =>
  panel.heard
    .filter((message) => message.topic === topic("event"))
    .map(({ payload }) => (JSON.parse(payload) as { seq: number }).seq);

/** The daemon's child that is not an encoder. */
function brokerPid(facility: Facility): number | undefined {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return Number(parent) === facility.daemon.pid && command.includes("broker.js");
      } catch {
        return false; // gone meanwhile
      }
    });
}

test("a panel at the site sees a takeover while the hub is dead; later the hub gets it all", async () => {
  const hub = keep(await Hub.start());
  const facility = await aSite({ mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}` });
  facility.startDaemon();
  const panel = await aPanel();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  await until("the panel knows the site", () => panel.last(topic("availability")) === "online");
  await until("the hub knows it, too", () => logged("link_online").length >= 2);

  await hub.kill();
  const before = facility.told().at(-1)!.seq;
  const killedAtMs = performance.now();
  kill(facility.enginePid("a"));
  await until("b in the panel's state", () => JSON.stringify(stream(panel)).includes('"b"'));
  await facility.untilOnAir("b");
  await until("the panel has every event", () => {
    const last = facility.told("stream.onAir").at(-1)!;
    return last.seq > before && eventsHeard(panel).includes(last.seq);
  });
  console.log(`panel told of b on air ${Math.round(performance.now() - killedAtMs)} ms after kill`);
  const heard = eventsHeard(panel);
  expect(heard).toEqual([...heard].sort((x, y) => x - y));
  expect(new Set(heard).size).toBe(heard.length);

  // The local broker's word is not the hub's: all of it still waits for the hub.
  await hub.start();
  const own = () => facility.told().map((t) => t.seq);
  const stored = await until("the hub has it all", async () => {
    const seqs = (await hub.events()).map((e) => Number(e["seq"]));
    return seqs.length >= own().length && seqs;
  });
  expect(stored).toEqual(stored.map((_, n) => n + 1));
  expect(facility.overlapMs()).toBe(0);
}, 120_000);

test("a stranger, and a panel that gives orders, are turned away", async () => {
  const facility = await aSite();
  facility.startDaemon();
  const panel = await aPanel();
  await until("states", () => panel.last(topic("stream/main/state")));
  await facility.untilTold("stream.onAir");
  const port = await portOf();
  const { connectAsync } = await import("mqtt");
  const url = `mqtt://127.0.0.1:${port}`;
  await expect(connectAsync(url, { reconnectPeriod: 0 })).rejects.toThrow();
  const guess = { username: "panel", password: "guess", reconnectPeriod: 0 };
  await expect(connectAsync(url, guess)).rejects.toThrow("Not authorized");
  const orders = await connectAsync(url, { ...guess, password });
  const closed = new Promise<void>((resolve) => orders.once("close", () => resolve()));
  orders.publish(topic("request/stream/main/off-air"), "{}");
  await closed;
  await facility.untilOnAir("a");
  expect(facility.log).not.toContain(password);
}, 60_000);

test("a broker that is killed comes back on its port and is told everything again", async () => {
  const facility = await aSite();
  facility.startDaemon();
  const panel = await aPanel();
  await facility.untilOnAir("a");
  await until("states", () => panel.last(topic("stream/main/state")));
  await facility.untilTold("stream.onAir");
  const port = await portOf();
  const first = brokerPid(facility)!;
  panel.heard.length = 0;
  kill(first);
  // The encoder dies while nobody can be told.
  kill(facility.enginePid("a"));
  await facility.untilOnAir("b");
  await until("another broker", () => brokerPid(facility) !== first && brokerPid(facility));
  expect(await portOf()).toBe(port);
  await until("b in the panel's state", () => JSON.stringify(stream(panel)).includes('"b"'));
  await until("info", () => panel.last(topic("info")));
  expect(facility.overlapMs()).toBe(0);
}, 90_000);

long(
  "a broker that hangs, or whose port is taken, costs the site nothing but the broker",
  async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const { port } = squatter.address() as AddressInfo;
    const facility = await aSite({ port });
    facility.startDaemon();
    await facility.untilOnAir("a");
    await until("it is told", () => logged("local_broker_down").length > 0);
    expect(facility.log).toContain("EADDRINUSE");
    await new Promise((resolve) => squatter.close(resolve));

    const panel = await aPanel();
    expect(await portOf()).toBe(port);
    await until("states", () => panel.last(topic("stream/main/state")));
    await facility.untilTold("stream.onAir");
    const hung = brokerPid(facility)!;
    process.kill(hung, "SIGSTOP");
    const killedAtMs = performance.now();
    kill(facility.enginePid("a"));
    await facility.untilOnAir("b");
    console.log(`b on air ${Math.round(performance.now() - killedAtMs)} ms after kill`);
    await until(
      "it is started anew",
      () => brokerPid(facility) !== hung && brokerPid(facility),
      90_000,
    );
    await until(
      "b in the panel's state",
      () => JSON.stringify(stream(panel)).includes('"b"'),
      60_000,
    );
  },
  200_000,
);

long(
  "a daemon that is killed takes its broker along, even a frozen one, and the next one serves the same port",
  async () => {
    const facility = await aSite();
    facility.startDaemon();
    const port = await portOf();
    await facility.untilOnAir("a");
    const config = parse(readFileSync(facility.configFile, "utf8")) as { mqtt: { broker: object } };
    Object.assign(config.mqtt.broker, { port });
    writeFileSync(facility.configFile, stringify(config));
    process.kill(brokerPid(facility)!, "SIGSTOP");
    await facility.endDaemon("SIGKILL");
    facility.log = "";
    facility.startDaemon();
    expect(await portOf()).toBe(port);
    const panel = await aPanel();
    await until("states", () => panel.last(topic("stream/main/state")));
    await facility.untilTold("stream.onAir");
    expect(await facility.endDaemon()).toBe(0);
    await until("the broker has ended", () => brokerPid(facility) === undefined);
  },
  60_000,
);
