/** Puts a whole facility, its far end and a hub on one machine, and takes them down again. */
import { rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { publisherMark } from "../../machines/publisher-mark.ts";
import { startHelo, type FakeHelo } from "../fakes/helo/helo.ts";
import { startFarEnd, type FarEnd } from "../fakes/rtmp-far-end/far-end.ts";
import { hostOf } from "../fakes/rtmp-far-end/publications.ts";
import { openFaults } from "./faults.ts";
import { makeFolder, type DemoFolder } from "./folder.ts";
import { startHub, type HubProcess } from "./hub-process.ts";
import { kill, killHolders, markChildren } from "./leftovers.ts";
import { buildPage } from "./page.ts";
import { openProgram, type Program } from "./program.ts";
import * as site from "./site-config.ts";
import { startSweeper } from "./sweeper-process.ts";
import { demoWeb, type DemoWeb } from "./web.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const heloHosts = { "helo-a": "127.0.0.11", "helo-b": "127.0.0.12" };
/** Where a real box is away for 45 to 90 s after a reboot, ours is back sooner. */
const heloTimings = { rebootMs: 20_000, initialiseMs: 5_000, powerUpActionMs: 2_000 };
const offAirWithinMs = 5_000;

/** What a script is told when everything is ready. */
export type Addresses = {
  url: string;
  apiKey: string;
  mqttUrl: string;
  farEndUrl: string;
  hlsUrl: string;
};

export type Demo = {
  folder: string;
  /** Resolves when the hub shows all programmes on air and there is a picture of each. */
  ready(signal: AbortSignal): Promise<Addresses>;
  /** Programmes off air, programs stopped, folder removed. Answers who would not go. */
  close(): Promise<number[]>;
};

type Closers = (() => Promise<unknown>)[];

/** @throws an error with code EADDRINUSE or EACCES when `port` is not to be had */
export async function startDemo(port: number, say: (line: string) => void): Promise<Demo> {
  const closers: Closers = [];
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await open(port, say, closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function open(
  port: number,
  say: (line: string) => void,
  closers: Closers,
  closeAll: () => Promise<void>,
): Promise<Demo> {
  // The port first: whether it is free should be known at once.
  const shown: { now?: DemoWeb } = {};
  const web = demoWeb(() => shown.now);
  await new Promise<void>((resolve, reject) => {
    web.once("error", reject);
    web.listen(port, "127.0.0.1", resolve);
  });
  closers.push(async () => {
    web.closeAllConnections();
    web.close();
  });
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  const page = await buildPage();

  const folder = makeFolder();
  markChildren(folder.path);
  let left: number[] = [];
  const sweeper = startSweeper(root, folder.path);
  closers.push(async () => {
    left = await killHolders(folder.path);
    rmSync(folder.path, { recursive: true, force: true });
    await sweeper.end();
  });

  const { farEnd, helos } = await startOutside(folder, closers);
  say("far end and two simulated HELOs are up");
  const hub = await startHub({ root, folder, say });
  closers.push(() => hub.program.end(3_000));
  const { key: siteKey } = z.object({ key: z.string() }).parse(
    await hub.ask("/api/keys", {
      method: "POST",
      body: JSON.stringify({ kind: "site", name: "the demo's site", site: site.siteId }),
    }),
  );
  say("the hub is up");
  const hubKeys = z
    .object({ items: z.array(z.object({ publicKey: z.string().nullable() })) })
    .parse(await hub.ask("/api/hub-keys"));
  const commandKeys = hubKeys.items.flatMap(({ publicKey }) => publicKey ?? []);
  site.writeSiteConfig({ folder, farEnd, helos, mqttUrl: hub.mqttUrl, siteKey, commandKeys });
  const daemon = openProgram({
    name: "site daemon",
    args: () => [join(root, "dist/daemon.cjs"), "--config", folder.siteFile],
    logFile: join(folder.path, "daemon.log"),
    say,
  });
  daemon.start();
  closers.push(() => daemon.end(3_000));
  const relayed = followRelayed(hub);
  closers.push(async () => relayed.close());
  const carrierOf = (stream: site.StreamId) => {
    const publisher = carrierAt(farEnd, helos, stream);
    return publisher === undefined || stream !== site.relayedId ? publisher : relayed.carrier();
  };
  closers.push(() => goOffAir(hub, daemon, carrierOf));
  say("the site daemon is up; putting all programmes on air");

  const dies = (program: Program) => () => {
    const pid = program.pid();
    if (pid !== undefined) kill(pid, "SIGKILL");
  };
  const faults = openFaults({
    ...{ helos, farEnd, carrierOf, siteState: folder.siteState },
    ...{ killDaemon: dies(daemon), killHub: dies(hub.program) },
  });
  closers.push(async () => void faults.heal());
  shown.now = { page, faults, carrierOf, hubPort: hub.port, farEndUrl: farEnd.httpUrl };

  return {
    folder: folder.path,
    ready: async (signal) => {
      for (;;) {
        if (await isOnAir(hub, url, signal)) break;
        await pause(250, undefined, { signal });
      }
      const { apiKey, mqttUrl } = hub;
      const hlsUrl = `${url}/demo/hls/${site.streamIds[0]}/index.m3u8`;
      return { url: `${url}/`, apiKey, mqttUrl, farEndUrl: farEnd.httpUrl, hlsUrl };
    },
    close: async () => {
      await closeAll();
      return left;
    },
  };
}

/** What a site finds around it: boxes and a platform. */
async function startOutside(folder: DemoFolder, closers: Closers) {
  const farEnd = await startFarEnd({ hls: { dir: folder.hls, segmentSeconds: 1 } });
  closers.push(() => farEnd.close());
  const helos: Record<string, FakeHelo> = {};
  const { width, height, framesPerSecond: fps, kbps: maxBitrateKbps } = site.picture;
  for (const [name, host] of Object.entries(heloHosts)) {
    const picture = { width, height, fps, gopS: 1, maxBitrateKbps };
    const helo = await startHelo({ name, host, picture, timings: heloTimings });
    helos[name] = helo;
    closers.push(() => helo.close());
  }
  return { farEnd, helos };
}

/** Whom the far end has on this stream, with a picture: our mark, or the address of a box. */
function carrierAt(
  farEnd: FarEnd,
  helos: Record<string, FakeHelo>,
  stream: site.StreamId,
): string | undefined {
  const live = farEnd
    .publishers(site.streams[stream].key)
    .filter(({ endedAtMs, videoFrames }) => endedAtMs === null && videoFrames > 0)
    .at(-1);
  if (!live) return undefined;
  const box = Object.entries(helos).find(([, { host }]) => host === hostOf(live.address));
  return publisherMark.parse(live.flashVer)?.encoder ?? box?.[0];
}

const Streams = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      carriage: z.string().optional(),
      encoder: z.string().nullish(),
    }),
  ),
});

/** At the far end a relay publishes: who brings it the pictures only the hub can tell. */
function followRelayed(hub: HubProcess) {
  let carrier: string | undefined;
  const look = async () => {
    const { items } = Streams.parse(await hub.ask("/api/streams"));
    carrier = items.find(({ id }) => id === site.relayedId)?.encoder ?? undefined;
  };
  // While the hub is away the last word stays.
  const timer = setInterval(() => void look().catch(() => undefined), 500);
  return {
    carrier: () => carrier,
    close: () => clearInterval(timer),
  };
}

async function isOnAir(hub: HubProcess, url: string, signal: AbortSignal): Promise<boolean> {
  const { items } = Streams.parse(await hub.ask("/api/streams", { signal }));
  const onAir = (id: string) => items.some((s) => s.id === id && s.carriage === "onAir");
  if (!site.streamIds.every(onAir)) return false;
  const pictures = site.streamIds.map(async (id) => {
    const response = await fetch(`${url}/demo/hls/${id}/index.m3u8`, { signal });
    return response.ok && (await response.text()).includes(".ts");
  });
  return (await Promise.all(pictures)).every(Boolean);
}

/** As an operator would: asked of the hub, done by the site. Without either, the sweep does it. */
async function goOffAir(
  hub: HubProcess,
  daemon: Program,
  carrierOf: (stream: site.StreamId) => string | undefined,
): Promise<void> {
  if (daemon.pid() === undefined || hub.program.pid() === undefined) return;
  const path = `/api/sites/${site.siteId}/commands`;
  await hub
    .ask(path, {
      method: "POST",
      body: JSON.stringify({ verb: "off-air" }),
      signal: AbortSignal.timeout(offAirWithinMs),
    })
    .catch(() => undefined);
  const untilMs = performance.now() + offAirWithinMs;
  const isOnAir = () => site.streamIds.some((id) => carrierOf(id) !== undefined);
  while (isOnAir() && performance.now() < untilMs) await pause(50);
}
