/** GStreamer counts from its own start: its encoders push to the relay, as boxes do. */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { decodeBarCodes, framesBetween } from "../fakes/picture.ts";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { Facility, kill, until } from "./facility.ts";
import { carriers, incidents } from "./off-air.ts";
import { type SharedSource, sourceFps, startSharedSource } from "./shared-source.ts";
import { long } from "../setup/slow.ts";

let facility: Facility;
let source: SharedSource;
afterEach(async () => {
  await facility.close();
  await source.close();
});

async function aRelayedStream(a: "gstreamer", b: "ffmpeg" | "gstreamer"): Promise<void> {
  source = await startSharedSource(2);
  const reads = (driver: typeof b, reader: number) => ({
    driver,
    config: { input: { kind: "udp", url: source.url(reader) } },
  });
  facility = await Facility.build({
    encoders: { a: reads(a, 0), b: reads(b, 1) },
    stream: { path: "relayed", relay: { port: await freePort() } },
    farEnd: { behaviour: "refuseSecond", record: true },
  });
  facility.startDaemon();
  await facility.untilOnAir("main-relay");
  await until("the primary is sent", () => selected() === "a", 60_000);
  for (const encoder of ["a", "b"]) await untilFeeds(encoder);
  await pass(2 * sourceFps);
}

const selected = () => facility.told("stream.relay").at(-1)?.data["selected"];
const came = () => carriers(facility).reduce((sum, { videoFrames }) => sum + videoFrames, 0);
const lastSeq = () => facility.told().at(-1)!.seq;

/** So many more pictures have come to the far end. */
async function pass(pictures: number): Promise<void> {
  const goal = came() + pictures;
  await until(`${pictures} more pictures`, () => came() >= goal);
}

/** It brings its pictures to the relay. */
async function untilFeeds(encoder: string, after = 0): Promise<void> {
  const message = `main-relay-${encoder}: ${encoder} carries it`;
  await facility.untilTold("stream.feed", (told) => told.message === message && told.seq > after);
}

/** Over one connection. @returns how far each picture is from the one before it: 1, where nothing is missing */
async function stepsAtFarEnd(since = 0): Promise<number[]> {
  const [one, ...others] = carriers(facility);
  expect([one!.endedAtMs, others]).toEqual([null, []]);
  const codes = (await decodeBarCodes(one!.recordingPath!)).slice(since);
  return codes.slice(1).map(({ frame }, n) => framesBetween(codes[n]!.frame, frame));
}

test("a GStreamer carrier is killed: another one goes on by one connection, two pictures off at most", async () => {
  await aRelayedStream("gstreamer", "gstreamer");
  const before = lastSeq();
  kill(facility.enginePid("a"));
  await until("the other is sent", () => selected() === "b");
  // At the start the other may have been first.
  const its = () => incidents(facility).find(({ cause }) => cause === "processExited");
  expect(await until("its incident", its)).toMatchObject({
    ...{ from: "a", to: "b", outcome: "tookOver", offAirMs: 0 },
  });
  await untilFeeds("a", before);
  await pass(3 * sourceFps);
  const steps = await stepsAtFarEnd();
  // They do not keep the source's clock: how late each is, is measured, here beside other tests.
  const off = steps.map((step) => Math.abs(step - 1)).reduce((sum, one) => sum + one, 0);
  expect(off).toBeLessThanOrEqual(2);
  expect(steps.length).toBeGreaterThan(4 * sourceFps);
}, 180_000);

long(
  "ffmpeg goes on for GStreamer; when it is known how much later it is, at most one picture is off",
  async () => {
    await aRelayedStream("gstreamer", "ffmpeg");
    const { stdout } = await promisify(execFile)(process.execPath, [
      new URL("../../dist/site-cli.js", import.meta.url).pathname,
      ...["calibrate", "--config", facility.configFile, "--stream", "main", "--seconds", "10"],
    ]);
    expect(stdout).toMatch(/^main: .*is the earliest/);
    // The relay takes it up within a second.
    await pass(2 * sourceFps);
    const since = came();
    kill(facility.enginePid("a"));
    await until("the other is sent", () => selected() === "b");
    await pass(3 * sourceFps);
    const steps = await stepsAtFarEnd(since);
    // It is known from the sound, which each of them takes another time for than for the picture.
    const off = steps.filter((step) => step !== 1);
    expect(off.length).toBeLessThanOrEqual(1);
    expect(off.every((step) => step === 0 || step === 2)).toBe(true);
    expect(steps.length).toBeGreaterThan(2 * sourceFps);
  },
  180_000,
);

long(
  "put on path direct, it pushes to the relay no more before it publishes itself",
  async () => {
    await aRelayedStream("gstreamer", "gstreamer");
    await facility.endDaemon();
    const config = readFileSync(facility.configFile, "utf8");
    writeFileSync(facility.configFile, config.replace("path: relayed", "path: direct"));
    facility.startDaemon();
    // On a busy host either may be the first to be found ready.
    const isDirect = () => ["a", "b"].includes(facility.onAir() ?? "");
    await until("one of them publishes itself", isDirect, 90_000);
    expect(facility.overlapMs()).toBe(0);
  },
  180_000,
);
