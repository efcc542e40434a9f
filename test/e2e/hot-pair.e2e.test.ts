/** Two HELOs that push to the site: whatever happens to one, the far end sees one stream. */
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { promisify } from "node:util";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import type { FakeHelo } from "../fakes/helo/helo.ts";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { expectWhole } from "../fakes/whole.ts";
import { Facility, kill, until } from "./facility.ts";
import { Hub } from "./hub.ts";
import { carriers } from "./off-air.ts";
import { effort } from "../setup/effort.ts";
import { type SharedSource, sourceFps, startSharedSource } from "./shared-source.ts";
import { long } from "../setup/slow.ts";

let facility: Facility;
let source: SharedSource;
let hub: Hub;
afterEach(async () => {
  await facility.close();
  await hub.close();
  await source.close();
});

const timings = {
  ...{ streamStartMs: 200, streamStopMs: 200, recoverMs: 1_000, unreachableMs: 2_000 },
  ...{
    sendStallMs: 3_000,
    bootMs: 2_000,
    initialiseMs: 500,
    powerUpActionMs: 500,
    rebootMs: 3_000,
  },
};

/** Two boxes at one source, with clocks, GOPs and times of their own, and the relay is on air. */
async function aHotPair({ laterMs = 0 } = {}): Promise<void> {
  [hub, source] = [await Hub.start(), await startSharedSource(2)];
  const slow = laterMs > 0 ? await laterBy(laterMs, source.url(1)) : source.url(1);
  const helo = (url: string, feed: { ppm: number; originS: number }) => ({
    driver: "aja-helo" as const,
    ...{ timings, polling: { normal: "1s" } },
    picture: { gopS: 1, feed: { url, ...feed } },
  });
  facility = await Facility.build({
    encoders: {
      a: helo(source.url(0), { ppm: -50, originS: 0 }),
      b: helo(slow, { ppm: 50, originS: 95_400 }),
    },
    stream: { path: "relayed", relay: { host: "127.0.0.1", port: await freePorts(2) } },
    farEnd: { behaviour: "refuseSecond", record: true },
    mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
  });
  facility.startDaemon();
  await facility.untilOnAir("main-relay");
  await until(
    "both boxes push",
    () => ["a", "b"].every((box) => pushesForMs(box) > 10_000),
    90_000,
  );
}

/** Where the same comes later. */
async function laterBy(ms: number, url: string): Promise<string> {
  const [way, out] = [createSocket("udp4"), createSocket("udp4")];
  way.bind(Number(new URL(url).port), "127.0.0.1");
  const probe = createSocket("udp4").bind(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  way.on("message", (datagram) => {
    setTimeout(() => out.send(datagram, port, "127.0.0.1"), ms);
  });
  onTestFinished(() => {
    way.close();
    setTimeout(() => out.close(), 2 * ms);
  });
  return `udp://127.0.0.1:${port}`;
}

/** @returns the first of so many free ports in a row */
async function freePorts(count: number): Promise<number> {
  const first = await freePort();
  return first + count > 65_000 ? freePorts(count) : first;
}

const selected = () => facility.told("stream.relay").at(-1)?.data["selected"];
const pairOf = (encoder: unknown) => (encoder === "a" ? "b" : "a");

/** So many more pictures have come to the far end. */
async function pass(pictures: number): Promise<void> {
  const came = () => carriers(facility).reduce((sum, { videoFrames }) => sum + videoFrames, 0);
  const goal = came() + pictures;
  await until(`${pictures} more pictures`, () => came() >= goal);
}

/** Both push to the site, nobody does anything about them, and a few GOPs have come of each. */
async function untilHot(): Promise<void> {
  const bothBring = async () => {
    const { relay } = await hub.get("/api/streams/main");
    const { inputs } = (relay ?? { inputs: [] }) as { inputs: { brings: boolean }[] };
    return inputs.length === 2 && inputs.every(({ brings }) => brings);
  };
  const areHot = async () => ["a", "b"].every(isSteady) && (await bothBring());
  await until("both boxes push", areHot, 90_000);
}

function isSteady(box: string): boolean {
  const ofLeg = (message: string) => message.startsWith(`main-relay-${box}: `);
  const last = facility.told("stream.feed").findLast(({ message }) => ofLeg(message));
  const isWell = /carries it|is fine again/.test(last?.message ?? "");
  return isWell && pushesForMs(box) > 6_000;
}

function pushesForMs(box: string): number {
  const { sinceMs = Infinity } = facility.helos[box]!.streaming() ?? {};
  return Date.now() - sinceMs;
}

/**
 * What the far end got: one connection, every picture once, the sound where it belongs.
 * @param since pictures that had come before
 */
async function expectNothingLost(atLeast: number, since = 0): Promise<void> {
  const [one, ...others] = carriers(facility);
  expect(others).toEqual([]);
  expect(one!.endedAtMs).toBe(null);
  const switches = facility.told("stream.relay").length;
  await expectWhole(one!.recordingPath!, { fps: sourceFps, atLeast, since, joints: switches });
}

const waits = { timeout: 30_000, interval: 500 };

/** What happens to a carrier; what comes back ends it. */
type Undo = (() => void) | void;
const faults: Record<string, (box: FakeHelo) => Undo | Promise<Undo>> = {
  "its encoder is killed": (box) => kill(box.streaming()!.pid),
  "its encoder stands still": ({ faults }) => faults.hangEncoder(),
  "a hand at its front panel begins it anew, and its times": (box) => {
    box.pressStop();
    return () => box.pressStart();
  },
  "it boots": ({ faults }) => faults.reboot(),
  "its network cable is pulled": ({ faults }) => {
    const ends = [faults.cutMedia(), faults.unreachable()];
    return () => ends.forEach((end) => end());
  },
  "the other is asked for": async () => {
    expect(await hub.command("streams/main", "failover")).toMatchObject({ status: "done" });
  },
};

/** What dies on the host; who carries goes on, or the relay goes over to the other by itself. */
const deaths: Record<string, () => Promise<void>> = {
  "the relay": async () => {
    const pid = facility.relayPid();
    kill(pid);
    await pass(2 * sourceFps);
    expect(facility.relayPid()).not.toBe(pid);
  },
  "the daemon, and then the carrier's encoder": async () => {
    const carrier = String(selected());
    await facility.endDaemon("SIGKILL");
    kill(facility.helos[carrier]!.streaming()!.pid);
    await pass(3 * sourceFps);
    facility.startDaemon();
    await until("the other carries", () => selected() === pairOf(carrier));
  },
};

long("both stream to the site all the time, and that is what is expected of them", async () => {
  await aHotPair();
  await untilHot();
  // On a busy host the hub hears of it later, and the primary may have its turn only now.
  await vi.waitFor(async () => {
    const first = String(selected());
    const other = pairOf(first);
    expect(await hub.get("/api/streams/main")).toMatchObject({
      ...{ path: "relayed", carriage: "onAir", encoder: first, understudyEncoder: other },
      understudies: [{ encoder: other, role: "understudy", wants: "hot", is: "hot" }],
      relay: { health: "running", selected: first },
    });
    expect(await hub.get(`/api/encoders/${other}`)).toMatchObject({
      outputs: [{ state: "streaming", progress: "moving", stream: "main" }],
      ...{ alarms: [], warnings: [] },
    });
  }, waits);
  expect(facility.told("stream.needsHuman")).toEqual([]);
});

/** Each takes half a minute of both cores: the others are for who has the time. */
const [killed = "", frozen = "", ...longer] = Object.keys(faults);

test.each(effort() === "torture" ? [killed, frozen, ...longer] : [killed])(
  "the carrier: %s; then the relay is killed: the far end gets every picture once, by one connection",
  async (name) => {
    await aHotPair();
    await strike(name);
    await deaths["the relay"]!();
    await pass(2 * sourceFps);
    await expectNothingLost(5 * sourceFps);
  },
);

long("a box that says it streams and brings nothing is started anew by the site", async () => {
  await aHotPair();
  await untilHot();
  const left = String(selected());
  const { pid } = facility.helos[left]!.streaming()!;
  await strike(frozen);
  await untilHot();
  expect(facility.helos[left]!.streaming()!.pid).not.toBe(pid);
  await expectNothingLost(5 * sourceFps);
  expect(facility.told("stream.needsHuman")).toEqual([]);
});

// A simulated box that began anew on a busy machine is not as fast as the other at once.
long(
  "again and again",
  async () => {
    await aHotPair();
    let hits = 0;
    for (let round = 0; round < 20; round++) {
      for (const name of Object.keys(faults)) {
        (await strike(name))?.();
        hits++;
        await untilHot();
      }
      for (const die of Object.values(deaths)) {
        await die();
        hits++;
        await untilHot();
      }
    }
    await expectNothingLost(hits * 5 * sourceFps);
    expect(facility.told("stream.needsHuman")).toEqual([]);
  },
  3_600_000,
);

/** @returns what ends it, once the other has carried for a second */
async function strike(name: string): Promise<Undo> {
  const carrier = String(selected());
  const end = await faults[name]!(facility.helos[carrier]!);
  await until(`${name}: the other carries`, () => selected() === pairOf(carrier));
  await pass(sourceFps);
  return end;
}

long(
  "one box is slower: that is said, measured while they run, and a switch loses nothing then",
  async () => {
    const laterMs = 200;
    await aHotPair({ laterMs });
    const unknown = /how much later one of its encoders is than the other is not known/;
    const warnings = async () => (await hub.get("/api/sites/studio"))["warnings"] as string[];
    expect((await warnings()).some((text) => unknown.test(text))).toBe(true);
    const { stdout } = await promisify(execFile)(process.execPath, [
      new URL("../../dist/site-cli.js", import.meta.url).pathname,
      ...["calibrate", "--config", facility.configFile, "--stream", "main", "--seconds", "10"],
    ]);
    const [, found] = /^main: a is the earliest, b is (\d+) ms later\n$/.exec(stdout)!;
    expect(Math.abs(Number(found) - laterMs)).toBeLessThanOrEqual(20);
    await pass(2 * sourceFps);
    // Until then a switch at the start, to the primary that came later, is off by what is not known.
    const since = carriers(facility)[0]!.videoFrames;
    // The relay takes it up within a second.
    for (const box of ["a", "b"].sort((one) => (one === selected() ? -1 : 1))) {
      if (selected() !== box) continue;
      kill(facility.helos[box]!.streaming()!.pid);
      await until("the other carries", () => selected() === pairOf(box));
      await untilHot();
    }
    await expectNothingLost(5 * sourceFps, since);
  },
);

long(
  "a box that loses its input and goes on sending is left for the other, on the same connection",
  async () => {
    await aHotPair();
    await untilHot();
    const left = String(selected());
    facility.helos[left]!.faults.dropInput();
    await until("the other one is sent", () => selected() === pairOf(left), 60_000);
    await pass(60);
    const incidents = facility.told("stream.incident").map(({ data }) => data["incident"]);
    expect(incidents.at(-1)).toMatchObject({
      cause: "input-lost",
      from: left,
      outcome: "tookOver",
    });
    const [one, ...others] = carriers(facility);
    expect([one!.endedAtMs, others]).toEqual([null, []]);
  },
  300_000,
);
