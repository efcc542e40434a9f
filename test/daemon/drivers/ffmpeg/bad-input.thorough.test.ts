/** What a source should not bring an ffmpeg encoder: what it makes of it for a relay. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ffmpegArguments } from "../../../../daemon/drivers/ffmpeg/arguments.ts";
import { FfmpegOptions } from "../../../../daemon/drivers/ffmpeg/options.ts";
import { InputLine } from "../../../../daemon/relay/input-line.ts";
import { bt709 } from "../../../../machines/content/colour.ts";

const fps = 15;
const [size, larger] = ["160x90", "320x180"];
const h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", String(fps)];

type Source = { video?: string[]; size?: string; fromS?: number; filter?: string; sound?: boolean };

/** Eight seconds. */
function source(p: Source): Buffer {
  const { video = h264, fromS = 100, sound = true, filter = "null" } = p;
  // prettier-ignore
  return execFileSync("ffmpeg", ["-v", "error", "-nostdin",
    "-f", "lavfi", "-i", `testsrc2=size=${p.size ?? size}:rate=${fps}`,
    ...(sound ? ["-f", "lavfi", "-i", "sine=sample_rate=48000", "-c:a", "aac"] : []),
    "-vf", filter, "-fps_mode", "passthrough", "-t", "8", "-threads", "1", ...video,
    "-output_ts_offset", String(fromS), "-muxdelay", "0", "-muxpreload", "0", "-f", "mpegts", "-",
  ], { maxBuffer: 2 ** 28 });
}

/** An encoder as the relay has it reads all of it. */
function encoded(bytes: Buffer, video: { width?: number; height?: number } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "bad-input-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [path, spool] = [join(folder, "source.ts"), join(folder, "spool")];
  writeFileSync(path, bytes);
  mkdirSync(spool);
  const options = FfmpegOptions.parse({
    input: { kind: "file", path, loop: false, realtime: false },
    video: {
      ...{ framesPerSecond: fps, gopSeconds: 1, bitrateBps: 300_000 },
      preset: "ultrafast",
      threads: 1,
      ...video,
    },
  });
  const publication = {
    ...{ encoder: "a", address: `spool:${spool}`, streamKey: "none", keyGeneration: 1 },
    progressPort: 9,
  };
  const ran = spawnSync("ffmpeg", ffmpegArguments(options, publication), { encoding: "utf8" });
  const line = new InputLine({ id: "a", watchdogMs: Infinity, mostBytes: Infinity });
  for (const file of readdirSync(spool).sort()) line.feed(readFileSync(join(spool, file)), 0);
  const pictures = line.store.gops.flatMap(({ frames }) => frames);
  const apart = pictures.slice(1).map(({ dts }, n) => dts - pictures[n]!.dts);
  const sounds = line.store.sounds[1]?.length ?? 0;
  return { line, ran, pictures, apart, sounds, shape: line.shape(0) };
}

/** From the second whole second of the source on. */
const atLeast = 6 * fps;
const even = 90_000 / fps;

test.each<[string, Source]>([
  ["what is as it should be", {}],
  ["10 bits", { video: [...h264, "-pix_fmt", "yuv420p10le"] }],
  ["4:2:2", { video: [...h264, "-pix_fmt", "yuv422p"] }],
  ["B-frames", { video: [...h264, "-bf", "3", "-b_strategy", "0"] }],
  ["open GOPs", { video: [...h264, "-bf", "2", "-x264-params", "open-gop=1"] }],
  ["MPEG-2 video", { video: ["-c:v", "mpeg2video", "-strict", "-1"] }],
  [
    "HEVC",
    { video: ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"] },
  ],
  ["a GOP without an end", { video: [...h264, "-g", "100000", "-sc_threshold", "0"] }],
])(
  "%s: every picture goes on, in H.264 of 8 bits, in order, with a keyframe each second",
  (_, p) => {
    const { line, ran, pictures, apart, sounds, shape } = encoded(source(p));
    expect([ran.status, line.misfits(0)]).toEqual([0, []]);
    expect(shape).toMatchObject({ widthPx: 160, heightPx: 90, plain: true, gopMs: 1_000 });
    expect(pictures.length).toBeGreaterThanOrEqual(atLeast);
    expect(apart.filter((ticks) => ticks !== even)).toEqual([]);
    expect(sounds).toBeGreaterThan((6 * 48_000) / 1_024);
  },
);

test("another size in mid-stream is made as large as the first one; but for the picture that is held back to be deinterlaced, none is lost", () => {
  const change = Buffer.concat([source({}), source({ size: larger, fromS: 108 })]);
  const { ran, pictures, apart, shape } = encoded(change);
  expect(ran.status).toBe(0);
  expect(shape).toMatchObject({ widthPx: 160, heightPx: 90, before: null });
  expect(pictures.length).toBeGreaterThanOrEqual(14 * fps);
  const times = apart.reduce((sum, ticks) => sum + ticks, 0);
  expect(times).toBe(pictures.length * even);
  // The first picture of the other size has not its own time: right after the one before.
  expect(apart.filter((ticks) => ticks !== even)).toHaveLength(2);
});

test.each(["yuv420p", "yuv422p10le"])(
  "where the encoder has a size of its own, pictures of another one (%s) keep their times, too",
  (format) => {
    const other = source({ size: larger, fromS: 108, video: [...h264, "-pix_fmt", format] });
    const { ran, line, apart, shape } = encoded(Buffer.concat([source({}), other]), {
      ...{ width: 320, height: 180 },
    });
    expect(ran.status).toBe(0);
    expect(shape).toMatchObject({ widthPx: 320, heightPx: 180, plain: true, before: null });
    expect(apart.length).toBeGreaterThanOrEqual(14 * fps);
    expect(apart.filter((ticks) => ticks !== even)).toEqual([]);
    const whole = line.store.gops.filter(({ endDts }) => endDts !== undefined);
    expect(whole.filter(({ frames }) => frames.length !== fps)).toEqual([]);
  },
);

const hlg = { primaries: "bt2020", transfer: "arib-std-b67", matrix: "bt2020nc" };
test.each([
  [bt709, "matrix=bt709:primaries=bt709:transfer=bt709:range=limited"],
  [{ ...bt709, fullRange: true }, "matrix=bt709:primaries=bt709:transfer=bt709:range=full"],
  [
    { ...hlg, fullRange: false },
    "matrix=bt2020nc:primaries=bt2020:transfer=arib-std-b67:range=limited",
  ],
])("the colour %j is kept, also at another size", (colour, zscale) => {
  const filter =
    "format=gbrp,zscale=matrixin=gbr:primariesin=bt709:transferin=bt709:" +
    `${zscale},format=yuv420p`;
  const bytes = source({ filter });
  for (const size of [{}, { width: 320, height: 180 }]) {
    const { ran, shape } = encoded(bytes, size);
    expect(ran.status).toBe(0);
    expect(shape?.colour).toEqual(colour);
  }
});

test("pictures at no steady rate keep their own times", () => {
  const filter = "select='lt(mod(n,15),8)+not(mod(n,3))'";
  const { ran, pictures, apart } = encoded(source({ filter }));
  expect(ran.status).toBe(0);
  expect(pictures.length).toBeGreaterThan(3 * fps);
  expect(apart.every((ticks) => ticks > 0 && ticks % even === 0)).toBe(true);
  expect(new Set(apart).size).toBeGreaterThan(1);
});

test("no sound: the picture goes on without any", () => {
  const { ran, pictures, sounds } = encoded(source({ sound: false }));
  expect([ran.status, sounds]).toEqual([0, 0]);
  expect(pictures.length).toBeGreaterThanOrEqual(atLeast);
});

test("bytes that are no media: it ends, and says so", () => {
  const noise = Buffer.from(Array.from({ length: 200_000 }, (_, n) => (n * 7_919) >> 3));
  const { ran, pictures } = encoded(noise);
  expect(ran.status).not.toBe(0);
  expect(ran.stderr).toMatch(/Invalid data found|could not find codec parameters/i);
  expect(pictures).toEqual([]);
});
