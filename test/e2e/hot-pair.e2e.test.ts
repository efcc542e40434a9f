/** Two HELOs that push to the site: whatever happens to one, the far end sees one stream. */
import { afterEach, expect, test } from "vitest";
import { skewsOf } from "../fakes/beeps.ts";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { decodeBarCodes, framesBetween } from "../fakes/picture.ts";
import { Facility, kill, until } from "./facility.ts";
import { carriers } from "./off-air.ts";
import { type SharedSource, sourceFps, startSharedSource } from "./shared-source.ts";

let facility: Facility;
let source: SharedSource;
afterEach(async () => {
  await facility.close();
  await source.close();
});

const timings = { streamStartMs: 200, streamStopMs: 200, recoverMs: 1_000, unreachableMs: 2_000 };

/** Two boxes at one source, with clocks, GOPs and times of their own, and the relay is on air. */
async function aHotPair(): Promise<void> {
  source = await startSharedSource(2);
  const helo = (reader: number, feed: { ppm: number; originS: number }) => ({
    driver: "aja-helo" as const,
    ...{ timings, polling: { normal: "1s" } },
    picture: { gopS: 1, feed: { url: source.url(reader), ...feed } },
  });
  facility = await Facility.build({
    encoders: {
      a: helo(0, { ppm: -50, originS: 0 }),
      b: helo(1, { ppm: 50, originS: 95_400 }),
    },
    stream: { path: "relayed", relay: { host: "127.0.0.1", port: await freePorts(2) } },
    farEnd: { behaviour: "refuseSecond", record: true },
  });
  facility.startDaemon();
  await facility.untilOnAir("main-relay");
  await untilHot();
}

/** @returns the first of so many free ports in a row */
async function freePorts(count: number): Promise<number> {
  const first = await freePort();
  return first + count > 65_000 ? freePorts(count) : first;
}

const selected = () => facility.told("stream.relay").at(-1)?.data["selected"];
const pairOf = (encoder: unknown) => (encoder === "a" ? "b" : "a");

async function untilSelected(encoder: string): Promise<void> {
  await until(`${encoder} carries`, () => selected() === encoder);
}

/** So many more pictures have come to the far end. */
async function pass(pictures: number): Promise<void> {
  const came = () => carriers(facility).reduce((sum, { videoFrames }) => sum + videoFrames, 0);
  const goal = came() + pictures;
  await until(`${pictures} more pictures`, () => came() >= goal);
}

/** Both push to the site, and a few GOPs have come of each. */
async function untilHot(): Promise<void> {
  await until("both boxes push", () =>
    Object.values(facility.helos).every((helo) => helo.streaming()?.sinceMs !== undefined),
  );
  await pass(4 * sourceFps);
}

/** What the far end got: one connection, every picture once, the sound where it belongs. */
async function expectNothingLost(atLeast: number): Promise<void> {
  const [one, ...others] = carriers(facility);
  expect(others).toEqual([]);
  expect(one!.endedAtMs).toBe(null);
  const codes = await decodeBarCodes(one!.recordingPath!);
  const steps = codes.slice(1).map(({ frame }, n) => framesBetween(codes[n]!.frame, frame));
  expect(steps.map((step, n) => (step === 1 ? "" : `${n}: ${step}`)).filter(Boolean)).toEqual([]);
  expect(codes.length).toBeGreaterThanOrEqual(atLeast);
  const skews = await skewsOf(one!.recordingPath!, sourceFps);
  expect(skews.length).toBeGreaterThanOrEqual(atLeast / sourceFps - 5);
  expect(Math.max(...skews.map(Math.abs))).toBeLessThanOrEqual(20);
}

test("the carrier's encoder is killed: the far end gets every picture once, by one connection", async () => {
  await aHotPair();
  const carrier = String(selected());
  kill(facility.helos[carrier]!.streaming()!.pid);
  await untilSelected(pairOf(carrier));
  await pass(4 * sourceFps);
  await expectNothingLost(8 * sourceFps);
}, 120_000);
