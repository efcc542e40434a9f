/** The hub's way to its sites: somebody else's broker, and its own when that dies. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, kill, until } from "./facility.ts";
import { Hub, type Json } from "./hub.ts";
import { startMosquitto, subscribe } from "./mosquitto.ts";

const { facility: aFacility, keep } = closedAfterEach();
const topic = (below: string) => `understudy/v1/studio/${below}`;
const secrets = { hub: "the-hub-itself", studio: "only-the-studio", other: "another-site" };

/** What a site and a hub need, in mosquitto's words; `%u` is the site's id. */
const acl = `user hub
topic readwrite understudy/v1/#

pattern readwrite understudy/v1/%u/availability
pattern write understudy/v1/%u/info
pattern write understudy/v1/%u/event
pattern write understudy/v1/%u/telemetry
pattern write understudy/v1/%u/+/+/state
pattern write understudy/v1/%u/+/+/availability
pattern write understudy/v1/%u/response/#
pattern read understudy/v1/%u/request/#
pattern read understudy/v1/%u/ack/#
pattern read understudy/v1/%u/replay
`;

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "understudy-e2e-secrets-"));
  keep({ close: async () => rmSync(folder, { recursive: true }) });
  for (const [user, secret] of Object.entries(secrets)) {
    writeFileSync(join(folder, user), secret, { mode: 0o600 });
  }
  return folder;
}

/** Lets the site log in as `studio`. */
function withLogin(facility: Facility, folder: string): void {
  const config = parse(readFileSync(facility.configFile, "utf8")) as { mqtt: object };
  Object.assign(config.mqtt, { username: "studio", password: `file:${join(folder, "studio")}` });
  writeFileSync(facility.configFile, stringify(config));
}

const siteIn = async (hub: Hub) =>
  ((await hub.get("/api/sites"))["items"] as Json[]).find(({ id }) => id === "studio");
async function untilAllIsThere(hub: Hub, facility: Facility): Promise<void> {
  const stored = await until("the hub has it all", async () => {
    const seqs = (await hub.events()).map((event) => Number(event["seq"]));
    return seqs.length >= facility.told().length && seqs;
  });
  expect(stored).toEqual(stored.map((_, n) => n + 1));
}

test("a hub and a site work through a mosquitto that knows both by password and access list", async () => {
  const folder = aFolder();
  const broker = keep(await startMosquitto({ users: secrets, acl }));
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const hubConfig = join(folder, "hub.yaml");
  const external = { url, username: "hub", password: `file:${join(folder, "hub")}` };
  writeFileSync(hubConfig, stringify({ mqtt: { external } }));
  const hub = keep(await Hub.start(hubConfig));
  const facility = await aFacility({ farEnd: { behaviour: "acceptBoth" }, mqttUrl: url });
  withLogin(facility, folder);
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  await until("the hub shows the site", async () => (await siteIn(hub))?.["online"] === true);

  const done = await hub.command("streams/studio~main", "failover", { to: "b" });
  expect(done).toMatchObject({ status: "done" });
  await facility.untilOnAir("b");
  await untilAllIsThere(hub, facility);

  // Another site cannot speak for this one: mosquitto takes it and tells nobody.
  const other = await connectAsync(url, { username: "other", password: secrets.other });
  await other.publishAsync(topic("availability"), "offline", { qos: 1, retain: true });
  await other.endAsync();
  expect((await siteIn(hub))?.["online"]).toBe(true);

  // The last will of a session of this site that was thought gone: the site is here all the same.
  const login = { username: "hub", password: secrets.hub };
  const listener = keep(subscribe({ port: broker.port, login, filter: topic("availability") }));
  await until("it listens", () => listener.last(topic("availability")) === "online");
  const will = { topic: topic("availability"), payload: Buffer.from("offline"), retain: true };
  const isTold = (payload: string) => listener.heard.some((m) => m.payload === payload);
  // Once more while it is not heard: on a busy machine the first may end before it has its will.
  const older = async () => {
    const client = await connectAsync(url, { username: "studio", password: secrets.studio, will });
    client.options.reconnectPeriod = 0;
    client.stream.destroy();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return isTold("offline");
  };
  await until("the will is published", older, 60_000);
  await until("the site is shown online", async () => (await siteIn(hub))?.["online"] === true);

  // Mosquitto dies and forgets everything it retained; the site tells it all again.
  await broker.kill();
  await until("the hub knows that it sees nothing", async () => {
    return (await siteIn(hub))?.["online"] !== true;
  });
  kill(facility.enginePid("b"));
  await facility.untilOnAir("a");
  await broker.start();
  await until("the site is back", async () => (await siteIn(hub))?.["online"] === true, 60_000);
  await untilAllIsThere(hub, facility);
  const late = keep(subscribe({ port: broker.port, login, filter: topic("#") }));
  await until("a late listener is told who carries", () => {
    return (late.last(topic("stream/main/state")) ?? "").includes('"encoder":"a"');
  });
  expect(facility.log + JSON.stringify(late.heard)).not.toContain(secrets.studio);
}, 180_000);

test("the hub's own broker dies with all it retained, and a late listener still learns everything", async () => {
  const hub = keep(await Hub.start());
  const facility = await aFacility({ mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}` });
  facility.startDaemon();
  await facility.untilOnAir("a");
  await facility.untilTold("stream.onAir");
  await until("the hub shows the site", async () => (await siteIn(hub))?.["online"] === true);

  const retained = ["availability", "info", "stream/main/state", "encoder/a/state"];
  const first = hub.brokerPid();
  kill(first);
  await until("another broker", () => {
    try {
      return hub.brokerPid() !== first;
    } catch {
      return false; // none at this moment
    }
  });
  await until("the site is back", () => facility.log.split('"link_online"').length >= 3);
  const late = keep(subscribe({ port: hub.mqttPort, filter: topic("#") }));
  for (const below of [...retained, "site/studio/state", "destination/far/state"]) {
    await until(`${below} is retained`, () => {
      return late.heard.some((m) => m.topic === topic(below) && m.retained && m.payload !== "");
    });
  }
  expect(late.last(topic("availability"))).toBe("online");
  await until("the hub shows the site again", async () => (await siteIn(hub))?.["online"] === true);
  await untilAllIsThere(hub, facility);
}, 120_000);
