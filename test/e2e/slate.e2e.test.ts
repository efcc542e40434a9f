/** Nobody brings pictures: the far end gets the slate, by the same connection, and then the programme. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { Incident } from "../../machines/stream/stream.contract.ts";
import { copyWhole, headersIn } from "../fakes/flv-tags.ts";
import { freePort } from "../fakes/nginx-rtmp.ts";
import { type BarCode, barCodeFilter, framesBetween, watchPictures } from "../fakes/picture.ts";
import { Publisher } from "../fakes/publisher.ts";
import { anOrigin, originToken } from "../daemon/outputs/an-origin.ts";
import { closedAfterEach } from "./after-each.ts";
import { type Facility, kill, until } from "./facility.ts";
import { Hub } from "./hub.ts";
import { carriers } from "./off-air.ts";
import { long } from "../setup/slow.ts";

const { facility: aFacility } = closedAfterEach();
const fps = 15;
const gopMs = 1_000;

/** A publisher, an ingest, two encoders of it, and a relay with a slate. */
async function aRelayedStage({
  outputs = [],
  ...more
}: { mqttUrl?: string; outputs?: object[] } = {}) {
  const port = await freePort();
  const encoder = {
    driver: "ffmpeg" as const,
    config: {
      input: { kind: "ingest", ingest: "stage" },
      video: {
        ...{ width: 320, height: 180, framesPerSecond: fps, bitrate: "400kbps" },
        ...{ gopSeconds: gopMs / 1_000, preset: "ultrafast", threads: 1 },
      },
      audio: { codec: "copy" },
    },
  };
  const facility = await aFacility({
    ...more,
    farEnd: { behaviour: "refuseSecond", record: true },
    encoders: { a: encoder, b: encoder },
    stream: { path: "relayed", outputs },
    site: {
      ingests: [
        { id: "stage", kind: "rtmp", host: "127.0.0.1", port, streamKey: "credential:stage-key" },
      ],
    },
    env: { CREDENTIALS_DIRECTORY: "" },
  });
  const credentials = join(facility.stateDir, "credentials");
  mkdirSync(credentials, { recursive: true, mode: 0o700 });
  writeFileSync(join(credentials, "stage-key"), "open-sesame\n", { mode: 0o600 });
  writeFileSync(join(credentials, "cdn-token"), originToken, { mode: 0o600 });
  facility.startDaemon();
  await facility.untilTold("ingest.changed", ({ data }) => data["state"] === "waiting");
  const publish = () =>
    new Publisher([
      ...["-vf", barCodeFilter({ fps, source: 5 }), "-f", "flv"],
      `rtmp://127.0.0.1:${port}/live/open-sesame`,
    ]);
  const publisher = publish();
  await facility.untilTold("stream.onAir");
  await until("the slate is made", () =>
    existsSync(join(facility.stateDir, "relays/main/slate.json")),
  );
  // The relay looks for it each second.
  await pass(facility, 2 * fps);
  return { facility, publisher, publish };
}

const came = (facility: Facility) =>
  carriers(facility).reduce((sum, { videoFrames }) => sum + videoFrames, 0);
async function pass(facility: Facility, pictures: number): Promise<void> {
  const goal = came(facility) + pictures;
  await until(`${pictures} more pictures`, () => came(facility) >= goal);
}

async function untilIncident(facility: Facility, cause: RegExp, after: number): Promise<Incident> {
  const told = await facility.untilTold("stream.incident", ({ data, seq }) => {
    const { cause: word, outcome } = data["incident"] as Incident;
    return cause.test(word) && outcome !== "open" && seq > after;
  });
  return told.data["incident"] as Incident;
}

/** One connection; programme, slate, programme, without a hole and without damage. */
async function expectSlateBetween(facility: Facility): Promise<void> {
  const [one, ...others] = carriers(facility);
  expect(others).toEqual([]);
  expect(one!.endedAtMs).toBe(null);
  const recording = join(facility.folder, "whole.flv");
  copyWhole(one!.recordingPath!, recording);
  const codes: (BarCode | undefined)[] = [];
  await watchPictures(recording, ({ code }) => codes.push(code)).ended;
  const begin = codes.indexOf(undefined);
  const end = codes.lastIndexOf(undefined) + 1;
  expect(begin).toBeGreaterThan(fps);
  expect(end - begin).toBeGreaterThanOrEqual(fps / 2);
  // Nothing but the slate in between, and nothing but the programme around it.
  expect(codes.slice(begin, end).filter(Boolean)).toEqual([]);
  expect(codes.length - end).toBeGreaterThan(fps);
  for (const part of [codes.slice(0, begin), codes.slice(end)]) {
    const steps = part.slice(1).map((code, n) => framesBetween(part[n]!.frame, code!.frame));
    expect(steps.filter((step) => step !== 1)).toEqual([]);
  }
  const run = promisify(execFile);
  const times = await run("ffprobe", [
    ...["-v", "error", "-select_streams", "v", "-show_entries", "packet=dts_time"],
    ...["-of", "csv=p=0", recording],
  ]);
  // A new header stands beside its packet, in a line of its own.
  const dts = times.stdout.split("\n").map(parseFloat).filter(Number.isFinite);
  const apart = dts.slice(1).map((time, n) => 1_000 * (time - dts[n]!));
  expect(Math.max(...apart)).toBeLessThanOrEqual(2 * gopMs);
  expect(Math.min(...apart)).toBeGreaterThan(0);
  const [programme, slate, ...after] = headersIn(recording).avc;
  expect(after).toEqual([programme]);
  expect(slate).not.toBe(programme);
  const decoded = await run("ffmpeg", [
    ...["-v", "error", "-i", recording],
    // In the file's own ms: by its guess of a constant rate, pictures half a one off would collide.
    ...["-fps_mode", "passthrough", "-enc_time_base:v", "1:1000", "-f", "null", "-"],
  ]);
  expect(decoded.stderr).toBe("");
}

long(
  "both encoders are killed: the slate is on air until one is back, and the hub says so",
  async () => {
    const hub = await Hub.start();
    try {
      const { facility } = await aRelayedStage({ mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}` });
      const { seq } = facility.told().at(-1)!;
      for (const encoder of ["a", "b"]) kill(facility.enginePid(encoder));
      const shown = await until("the hub shows the slate", async () => {
        const stream = (await hub.get("/api/streams/main")) as Record<string, unknown>;
        return (stream["relay"] as { slate?: string } | null)?.slate === "on" && stream;
      });
      expect(shown).toMatchObject({
        ...{ carrier: "holding", carriage: "onAir" },
        because: "no encoder brings pictures to its relay; the slate is shown",
        relay: { slate: "on", slateBeganAt: expect.stringMatching(/Z$/) as string, selected: null },
      });
      const incident = await untilIncident(facility, /./, seq);
      expect(incident.slateMs).toBeGreaterThan(0);
      expect(incident.timeline.at(-1)!.what).toMatch(/the slate was shown for \d+\.\d s$/);
      await pass(facility, 3 * fps);
      await expectSlateBetween(facility);
    } finally {
      await hub.close();
    }
  },
  120_000,
);

/** The colour in the middle of the picture that went out last. */
async function lastShown(facility: Facility): Promise<number[]> {
  const recording = join(facility.folder, "so-far.flv");
  copyWhole(carriers(facility).at(-1)!.recordingPath!, recording);
  const { stdout } = await promisify(execFile)(
    "ffmpeg",
    [
      ...["-v", "error", "-sseof", "-2", "-i", recording, "-an", "-update", "1"],
      ...["-vf", "crop=2:2:160:90,format=rgb24", "-f", "rawvideo", "-"],
    ],
    { encoding: "buffer" },
  );
  return [...stdout.subarray(-12, -9)];
}

test("a picture is brought while the slate is on air: it is shown there, on the same connection", async () => {
  const hub = await Hub.start();
  try {
    const origin = await anOrigin();
    await origin.start();
    const push = { address: origin.address, purge: origin.purge, token: "credential:cdn-token" };
    const { facility, publisher, publish } = await aRelayedStage({
      mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
      outputs: [{ id: "web", kind: "hls", segment: "1s", push }],
    });
    await publisher.end();
    await until("the slate is on air", async () => {
      const { relay } = await hub.get("/api/streams/main");
      return (relay as { slate?: string } | null)?.slate === "on";
    });
    const picture = join(facility.folder, "red.png");
    const source = "color=c=red:s=640x360";
    const made = ["-v", "error", "-f", "lavfi", "-i", source, "-frames:v", "1", picture];
    await promisify(execFile)("ffmpeg", made);
    const cli = new URL("../../dist/understudy.js", import.meta.url).pathname;
    const says = async (...args: string[]): Promise<unknown> => {
      const argv = [cli, "--hub", hub.url, "--json", ...args];
      return JSON.parse((await promisify(execFile)(process.execPath, argv)).stdout);
    };
    expect(
      await says("stream", "slate", "main", "--picture", picture, "--text", "", "--clock", "on"),
    ).toMatchObject({
      ...{ ref: "studio~main", picture: "uploaded", widthPx: 640, heightPx: 360 },
      ...{ text: "", clock: true },
    });
    // What was shown in error is to leave the CDN, too.
    expect(await says("output", "purge", "web")).toMatchObject({
      ...{ ref: "studio~web", message: "the CDN answered 204" },
    });
    await until("the picture is shown", async () => {
      const [red = 0, green = 255, blue = 255] = await lastShown(facility);
      return red > 180 && green < 70 && blue < 70;
    });
    const refused = await fetch(`${hub.url}/api/streams/main/slate`, {
      method: "PUT",
      headers: { "content-type": "image/png" },
      body: "no picture",
    });
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ code: "not_a_picture" });
    const { seq } = facility.told().at(-1)!;
    publish();
    await facility.untilTold(
      "stream.relay",
      (told) => told.data["selected"] !== null && told.seq > seq,
    );
    await pass(facility, 3 * fps);
    const [one, ...others] = carriers(facility);
    expect(others).toEqual([]);
    expect(one!.endedAtMs).toBe(null);
    const recording = join(facility.folder, "all.flv");
    copyWhole(one!.recordingPath!, recording);
    const decoded = await promisify(execFile)("ffmpeg", [
      ...["-v", "error", "-i", recording],
      ...["-fps_mode", "passthrough", "-enc_time_base:v", "1:1000", "-f", "null", "-"],
    ]);
    expect(decoded.stderr).toBe("");
    const frames = await promisify(execFile)("ffprobe", [
      ...["-v", "error", "-select_streams", "v", "-show_entries", "packet=dts_time"],
      ...["-of", "csv=p=0", recording],
    ]);
    const dts = frames.stdout.split("\n").map(parseFloat).filter(Number.isFinite);
    const apart = dts.slice(1).map((time, n) => 1_000 * (time - dts[n]!));
    expect(Math.min(...apart)).toBeGreaterThan(0);
    expect(Math.max(...apart)).toBeLessThanOrEqual(2 * gopMs);
  } finally {
    await hub.close();
  }
}, 240_000);

test("the source dies: the slate is on air until it is back, and nobody is started anew", async () => {
  const { facility, publisher, publish } = await aRelayedStage();
  const { seq } = facility.told().at(-1)!;
  const pids = () => ["a", "b", "main-relay"].map((id) => facility.enginePid(id));
  const before = pids();
  await publisher.end();
  await facility.untilTold(
    "stream.relay",
    (told) => told.data["selected"] === null && told.seq > seq,
  );
  await pass(facility, 4 * fps);
  publish();
  const incident = await untilIncident(facility, /sourceLost/, seq);
  expect(incident.outcome).toBe("recovered");
  expect(incident.slateMs).toBeGreaterThan(3_000);
  expect(incident.offAirMs).toBeLessThan(incident.slateMs!);
  await pass(facility, 3 * fps);
  expect(pids()).toEqual(before);
  await expectSlateBetween(facility);
}, 120_000);

long(
  "of an encoder that declares no size the slate has the size, rate and sound that really come",
  async () => {
    const port = await freePort();
    const input = `udp://127.0.0.1:${port}`;
    const hub = await Hub.start();
    try {
      const encoder = {
        driver: "ffmpeg" as const,
        config: {
          input: { kind: "udp", url: input },
          video: { bitrate: "600kbps", gopSeconds: 1, preset: "ultrafast", threads: 1 },
          audio: { codec: "copy" },
        },
      };
      const facility = await aFacility({
        mqttUrl: `mqtt://127.0.0.1:${hub.mqttPort}`,
        farEnd: { behaviour: "refuseSecond", record: true },
        encoders: { a: encoder },
        stream: { path: "relayed" },
      });
      const source = new Publisher([
        ...["-vf", "fps=30,scale=640:360", "-g", "30", "-ar", "44100", "-ac", "1"],
        ...["-pes_payload_size", "0", "-f", "mpegts", `${input}?pkt_size=1316`],
      ]);
      facility.startDaemon();
      await facility.untilTold("stream.onAir");
      const slateFormat = async () => {
        const { relay } = await hub.get("/api/streams/main");
        return (relay as { slateFormat?: { from: string } } | null)?.slateFormat;
      };
      const format = await until(
        "its form is seen",
        async () => {
          const is = await slateFormat();
          return is?.from === "input" && is;
        },
        120_000,
      );
      expect(format).toEqual({
        ...{ widthPx: 640, heightPx: 360, framesPerSecond: 30, from: "input" },
        sounds: [{ sampleRateHz: 44_100, channels: 1, language: null }],
      });
      // The relay looks for it each second.
      await pass(facility, 60);
      await source.end();
      await until("the slate is on air", async () => {
        const { relay } = await hub.get("/api/streams/main");
        return (relay as { slate?: string } | null)?.slate === "on";
      });
      await pass(facility, 90);
      const recording = join(facility.folder, "forms.flv");
      copyWhole(carriers(facility)[0]!.recordingPath!, recording);
      expect(carriers(facility)).toHaveLength(1);
      // Programme and slate: two sequence headers, one form of the sound.
      const { avc, aac } = headersIn(recording);
      expect([avc.length, aac.length]).toEqual([2, 1]);
      const probe = async (stream: string, entries: string) => {
        const { stdout } = await promisify(execFile)(
          "ffprobe",
          // prettier-ignore
          ["-v", "error", "-select_streams", stream, "-show_frames", "-show_entries", `frame=${entries}`,
          "-of", "compact=p=0:nk=1", recording],
          { maxBuffer: 2 ** 26 },
        );
        return stdout.split("\n").filter(Boolean);
      };
      const sizes = (await probe("v", "width,height")).map((line) => line.slice(0, 7));
      expect(new Set(sizes)).toEqual(new Set(["640|360"]));
      expect(new Set(await probe("a", "channels,nb_samples"))).toEqual(new Set(["1024|1"]));
      const times = (await probe("v", "pts_time")).map(parseFloat).slice(-80);
      expect((times.at(-1)! - times[0]!) / (times.length - 1)).toBeCloseTo(1 / 30, 3);
      const shown = (await lastShown(facility)).map((level) => Math.abs(level - 128));
      expect(Math.max(...shown), "the grey blue of the slate").toBeGreaterThan(70);
    } finally {
      await hub.close();
    }
  },
  240_000,
);
