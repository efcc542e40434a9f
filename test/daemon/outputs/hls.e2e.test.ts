/** HLS of a relayed stream: the real relay, its encoders, the output's process and real players. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import * as HLS from "hls-parser";
import { afterEach, expect, test } from "vitest";
import { freePort } from "../../fakes/nginx-rtmp.ts";
import { at } from "../../setup/effort.ts";
import { until } from "../drivers/shared/engine/until.ts";
import { aMediaPlane, fps } from "../relay/a-media-plane.ts";
import { aPlayer } from "./a-player.ts";
import { failOver } from "./fail-over.ts";
import { long } from "../../setup/slow.ts";

const program = new URL("../../../dist/output.cjs", import.meta.url).pathname;
const failovers = at({ check: 3, test: 3, torture: 20 });

let plane: Awaited<ReturnType<typeof aMediaPlane>>;
afterEach(() => plane.close());

async function anHlsOutput(more: object = {}) {
  plane = await aMediaPlane({ outputs: ["hls"] });
  const port = await freePort();
  const folder = join(plane.folder, "hls");
  const listen = { host: "127.0.0.1", port };
  const target = {
    kind: "hls",
    container: "ts",
    folder,
    segmentMs: 2_000,
    targetS: 2,
    windowMs: 12_000,
    listen,
  };
  const settings = { output: "web", run: "r", statusPort: 9, target: { ...target, ...more } };
  const start = () =>
    plane.startReader("hls", [process.execPath, program, JSON.stringify(settings)]);
  let process_ = start();
  const list = () => {
    const text = readFileSync(join(folder, "index.m3u8"), "utf8");
    return { text, ...(HLS.parse(text) as HLS.types.MediaPlaylist) };
  };
  const untilSegments = (count: number) =>
    until(`${count} segments`, () => {
      if (!existsSync(join(folder, "index.m3u8"))) return undefined;
      const { segments, mediaSequenceBase = 0 } = list();
      return mediaSequenceBase + segments.length >= count ? true : undefined;
    });
  return {
    ...{ folder, list, untilSegments, url: `http://127.0.0.1:${port}/index.m3u8` },
    async kill(): Promise<void> {
      const gone = once(process_, "exit");
      process_.kill("SIGKILL");
      await gone;
      process_ = start();
    },
  };
}

const probe = promisify(execFile);

test(`hls.js plays over ${failovers} failovers and a relay that dies: no stall, no error, no step back`, async () => {
  const output = await anHlsOutput();
  await output.untilSegments(3);
  const player = await aPlayer(output.url);
  try {
    await until("it plays", async () => (await player.noticed()).positions.length > 5);
    for (let n = 0; n < failovers; n++) await failOver(plane);
    expect(output.list().text).not.toContain("DISCONTINUITY\n");
    await plane.killRelay();
    await plane.pass(2 * fps);
    const playedS = (await player.noticed()).positions.at(-1)!;
    // What was on its way meanwhile has been shown.
    await until("it has played on", async () => {
      return (await player.noticed()).positions.at(-1)! > playedS + 8;
    });
    const { troubles, positions } = await player.noticed();
    expect(troubles).toEqual([]);
    const steps = positions.slice(1).map((position, n) => position - positions[n]!);
    expect(steps.filter((step) => step < 0)).toEqual([]);
  } finally {
    await player.close();
  }
}, 600_000);

long(
  "the output's process is killed: the list goes on with a discontinuity, and no number runs back",
  async () => {
    const output = await anHlsOutput();
    await output.untilSegments(3);
    const before = output.list();
    await output.kill();
    await output.untilSegments(6);
    const after = output.list();
    expect(after.text).not.toContain("ENDLIST");
    const uris = after.segments.map(({ uri }) => uri);
    expect(new Set(uris).size).toBe(uris.length);
    expect(uris.slice(0, before.segments.length)).toEqual(before.segments.map(({ uri }) => uri));
    expect(after.segments.filter(({ discontinuity }) => discontinuity)).toHaveLength(1);
    expect(after.discontinuitySequenceBase ?? 0).toBe(0);
    const numbers = after.segments.map(({ mediaSequenceNumber }) => mediaSequenceNumber);
    expect(numbers).toEqual(numbers.map((_, n) => n));
    const times = after.segments.map(({ programDateTime }) => programDateTime!.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.abs(times.at(-1)! - Date.now())).toBeLessThan(60_000);

    // Old segments leave the list, and later the disk; a player finds all that is listed.
    await output.untilSegments(10);
    const { segments } = output.list();
    expect(segments[0]!.mediaSequenceNumber).toBeGreaterThan(0);
    for (const { uri } of segments) expect(existsSync(join(output.folder, uri))).toBe(true);
    const { stdout } = await probe("ffprobe", [
      ...[
        "-v",
        "error",
        "-show_entries",
        "stream=codec_name",
        "-of",
        "default=nw=1:nk=1",
        output.url,
      ],
    ]);
    expect(new Set(stdout.trim().split(/\s+/))).toEqual(new Set(["h264", "aac"]));
  },
  300_000,
);

test("fMP4: a map for each epoch, before the first segment that needs it; players play on over it", async () => {
  const output = await anHlsOutput({ container: "fmp4", windowMs: 30_000 });
  await output.untilSegments(3);
  const player = await aPlayer(output.url);
  try {
    await until("it plays", async () => (await player.noticed()).positions.length > 5);
    await failOver(plane);
    await output.untilSegments(5);
    await output.kill();
    await output.untilSegments(8);
    const { segments } = output.list();
    const maps = segments.map(({ map }) => map.uri);
    const epochs = segments.map(({ discontinuity }) => discontinuity).lastIndexOf(true);
    expect(epochs).toBeGreaterThan(0);
    expect(new Set(maps.slice(0, epochs)).size).toBe(1);
    expect(new Set(maps.slice(epochs)).size).toBe(1);
    expect(maps[epochs]).not.toBe(maps[0]);
    const playedS = (await player.noticed()).positions.at(-1)!;
    await until("it plays on after it", async () => {
      return (await player.noticed()).positions.at(-1)! > playedS + 3;
    });
    const { troubles, positions } = await player.noticed();
    // Who asks while the process is not there is not answered, and asks again.
    expect(troubles.filter((it) => /true$|bufferAppend|fragParsing|Decode/i.test(it))).toEqual([]);
    expect(positions.slice(1).filter((position, n) => position < positions[n]!)).toEqual([]);
  } finally {
    await player.close();
  }
  // Every picture of a segment can be decoded, and sound is there.
  const { segments } = output.list();
  const { uri, map } = segments[0]!;
  const bytes = [map.uri, uri].map((name) => readFileSync(join(output.folder, name)));
  const file = join(output.folder, "whole.mp4");
  writeFileSync(file, Buffer.concat(bytes));
  const { stdout, stderr } = await probe("ffprobe", [
    ...["-v", "warning", "-count_frames", "-show_entries"],
    ...["stream=codec_name,width,height,nb_read_frames,sample_rate,channels", "-of", "json", file],
  ]);
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toMatchObject({
    streams: [
      { codec_name: "h264", width: 320, height: 180, nb_read_frames: String(2 * fps) },
      { codec_name: "aac", sample_rate: "48000", channels: 2 },
    ],
  });
}, 300_000);
