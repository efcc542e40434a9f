import { spawn } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until, upTo } from "../journal/a-journal.ts";
import { aHub, links, root } from "./a-link.ts";

const { broker, client, link, folder, afterwards } = links();

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function mosquitto(port: number) {
  const config = join(folder(), "mosquitto.conf");
  writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  const child = spawn("mosquitto", ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  afterwards(() => {
    child.kill("SIGCONT");
    child.kill("SIGKILL");
    return gone;
  });
  let said = "";
  child.stderr.on("data", (data: Buffer) => (said += data.toString()));
  await until("mosquitto", () => said.includes("running"));
  return { child, gone };
}

test("10,000 events over five cuts arrive once each and in order", async () => {
  const b = await broker();
  const hubClient = await client(b.url());
  const hub = await aHub(hubClient);
  // The hub's own connection stays: only the site's link is cut.
  const hubsOwn = new Set(b.sockets);
  const { link: l, append } = await link(b.url(), 5_000);
  for (const cut of upTo(1, 5)) {
    await until(`cut ${cut}`, () => hub.seen.length >= cut * 1_000 && l.connected);
    for (const socket of b.sockets) if (!hubsOwn.has(socket)) socket.destroy();
    await append(1_000);
    l.eventsCommitted(5_000 + cut * 1_000);
  }
  await until("all events", () => hub.seen.length >= 10_000, 60_000);
  expect(hub.seen.map(({ seq }) => seq)).toEqual(upTo(1, 10_000));
  expect(l.counts().connects).toBeGreaterThanOrEqual(6);
  console.log(JSON.stringify({ id: "link-cuts", duplicates: hub.duplicates(), ...l.counts() }));
});

test("mosquitto: order, restart with lost memory, and the rest of the events", async () => {
  const port = await freePort();
  const url = `mqtt://127.0.0.1:${port}`;
  const first = await mosquitto(port);
  const { link: l, journal, append } = await link(url, 200);
  await until("online", () => l.connected);
  first.child.kill("SIGKILL");
  await first.gone;
  await until("offline", () => !l.connected);
  await mosquitto(port);
  await until("online again", () => l.connected);
  const retained = new Map<string, string>();
  const reader = await client(url);
  reader.on("message", (topic, payload, packet) => {
    if (packet.retain) retained.set(topic.replace(`${root}/`, ""), payload.toString());
  });
  await reader.subscribeAsync(`${root}/#`, { qos: 1 });
  await until("everything retained", () => retained.size === 6);
  expect(retained.get("availability")).toBe("online");
  expect(retained.get("encoder/helo-b/state")).toBe('{"id":"helo-b","output":"idle"}');
  const hubClient = await client(url);
  const hub = await aHub(hubClient);
  // This hub has never seen the site and finds a gap in front of the first live event.
  await append(1);
  l.eventsCommitted(201);
  await until("all events", () => journal.cursor("main") === 201);
  expect(hub.seen.map(({ seq }) => seq)).toEqual(upTo(1, 201));
});

test("a broker that freezes without closing is noticed by the keepalive", async () => {
  const port = await freePort();
  const { child } = await mosquitto(port);
  const { link: l } = await link(`mqtt://127.0.0.1:${port}`, 0, { keepaliveS: 1 });
  await until("online", () => l.connected);
  const frozenMs = performance.now();
  child.kill("SIGSTOP");
  await until("noticed", () => !l.connected, 15_000);
  expect(performance.now() - frozenMs).toBeLessThan(7_500);
  child.kill("SIGCONT");
  await until("online again", () => l.connected, 30_000);
});

test("between tries lies a share, drawn by lot, of a wait that doubles up to its most", async () => {
  const port = await freePort();
  const lots = [0, 0.5, 1, 1, 1, 1];
  const backoffMs = { least: 10, most: 80 };
  const random = () => lots.shift() ?? 0;
  const waits: number[] = [];
  const warn = (fields: object) => "waitMs" in fields && waits.push(Number(fields.waitMs));
  const log = { info: () => undefined, warn: (fields: object) => void warn(fields) };
  await link(`mqtt://127.0.0.1:${port}`, 0, { backoffMs, random, log });
  await until("six tries", () => waits.length >= 6);
  expect(waits.slice(0, 6)).toEqual([10, 25, 80, 80, 80, 80]);
});

test("an unreachable broker is tried again with a growing wait, and close ends it", async () => {
  const port = await freePort();
  const { link: l, log } = await link(`mqtt://127.0.0.1:${port}`, 0);
  await until("three attempts", () => log.length >= 3);
  await l.close();
  const tries = log.length;
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(log).toHaveLength(tries);
});
