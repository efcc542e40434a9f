/** What real encoders should not send a relay: what goes out of it, and what is told. */
import { execFileSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { expect, test } from "vitest";
import { misfitSentence } from "../../../machines/content/misfit.ts";
import { InputLine } from "../../../daemon/relay/input-line.ts";
import { type Mode, Playout } from "../../../daemon/relay/playout.ts";
import { readTimestamp } from "../../../daemon/relay/ts/clock-33.ts";
import { packetBytes } from "../../../daemon/relay/ts/packets.ts";
import { type Declared, shapeMisfits } from "../../../daemon/relays/declared.ts";

const fps = 15;
const datagramBytes = 7 * packetBytes;
const whole: Mode = { kind: "gop-atomic", marginMs: 200 };

type Made = { seconds?: number; size?: string; fromS?: number; filter?: string; sound?: boolean };

/** A transport stream of a test picture, and a tone where nothing else is said. */
function made(video: string[], p: Made = {}): Buffer {
  const { seconds = 8, size = "160x90", fromS = 10, sound = true } = p;
  // prettier-ignore
  return execFileSync("ffmpeg", ["-v", "error", "-nostdin",
    "-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${fps}`,
    ...(sound ? ["-f", "lavfi", "-i", "sine=sample_rate=48000", "-c:a", "aac"] : []),
    ...(p.filter === undefined ? [] : ["-vf", p.filter, "-fps_mode", "passthrough"]),
    "-t", String(seconds), "-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-bf", "0",
    "-sc_threshold", "0", "-g", String(fps), ...video,
    "-output_ts_offset", String(fromS), "-muxdelay", "0", "-muxpreload", "0", "-f", "mpegts", "-",
  ], { maxBuffer: 2 ** 28 });
}

/** One after the other, as from one muxer: its counters go on. */
function joined(...parts: Buffer[]): Buffer {
  const counters = new Map<number, number>();
  const bytes = Buffer.concat(parts);
  for (let at = 0; at < bytes.length; at += packetBytes) {
    const pid = bytes.readUInt16BE(at + 1) & 0x1fff;
    const hasPayload = (bytes[at + 3]! & 0x10) !== 0;
    const counter = ((counters.get(pid) ?? -1) + (hasPayload ? 1 : 0)) & 15;
    counters.set(pid, counter);
    bytes[at + 3] = (bytes[at + 3]! & 0xf0) | counter;
  }
  return bytes;
}

/** Each comes at the time of the newest picture in it; what has none, at 2 Mbit/s. */
function datagrams(bytes: Buffer): { atMs: number; bytes: Buffer }[] {
  let firstMs: number | undefined;
  let atMs = 0;
  return Array.from({ length: Math.ceil(bytes.length / datagramBytes) }, (_, n) => {
    const own = bytes.subarray(n * datagramBytes, (n + 1) * datagramBytes);
    if (bytes[0] !== 0x47) return { atMs: (8 * n * datagramBytes) / 2_000, bytes: own };
    for (let at = 0; at + packetBytes <= own.length; at += packetBytes) {
      if ((own.readUInt16BE(at + 1) & 0x5fff) !== 0x4100) continue;
      const field = (own[at + 3]! & 0x20) === 0 ? 0 : 1 + own[at + 4]!;
      const ms = readTimestamp(own, at + 4 + field + 9)! / 90;
      atMs = Math.max(atMs, ms - (firstMs ??= ms));
    }
    return { atMs, bytes: own };
  });
}

/** One input and a relay: what it told each second, and the pictures that went out. */
function played(bytes: Buffer, p: { mode?: Mode; watchdogMs?: number; mostBytes?: number } = {}) {
  const { mode = whole, watchdogMs = 400, mostBytes = 60_000_000 } = p;
  const line = new InputLine({ id: "a", watchdogMs, mostBytes });
  const startMs = 1_000_000;
  let nowMs = startMs;
  const sent: { dts: number; key: boolean }[] = [];
  const told: string[] = [];
  let storedBytes = 0;
  const playout = new Playout({
    ...{ lines: [line], mode, watchdogMs, changed: () => undefined },
    orders: { generation: 0, eligible: ["a"], preferred: "a" },
    send: ({ track, dts, key }) => void (track === 0 && sent.push({ dts, key })),
  });
  let lookedMs = nowMs;
  const passTo = (atMs: number) => {
    for (let wakeMs = nowMs; wakeMs <= atMs; nowMs = wakeMs)
      wakeMs = Math.max(playout.tick(nowMs), nowMs + 1);
    nowMs = atMs;
    if (nowMs - lookedMs < 1_000) return;
    lookedMs = nowMs;
    playout.forget(nowMs);
    storedBytes = Math.max(storedBytes, line.store.bytes);
    for (const misfit of line.misfits(nowMs) ?? []) {
      const sentence = misfitSentence("a", misfit);
      if (!told.includes(sentence)) told.push(sentence);
    }
  };
  for (const one of datagrams(bytes)) {
    passTo(startMs + one.atMs);
    line.feed(Buffer.from(one.bytes), nowMs);
    playout.tick(nowMs);
  }
  const shape = line.shape(nowMs);
  const misfits = line.misfits(nowMs);
  for (let n = 0; n < 30; n++) passTo(nowMs + 100);
  const apart = sent.slice(1).map(({ dts }, n) => dts - sent[n]!.dts);
  /** What is not as declared, in words. */
  const unlike = (declared: Declared) =>
    shapeMisfits(declared, shape!, []).map((misfit) => misfitSentence("a", misfit));
  return { line, sent, apart, told, misfits, storedBytes, shape: shape!, unlike };
}

const pictures = (seconds: number) => seconds * fps;

test("what is as declared is carried, and nothing is told", () => {
  const { sent, told, unlike, shape } = played(made(["-profile:v", "baseline"]));
  expect(told).toEqual([]);
  expect(sent.length).toBeGreaterThanOrEqual(pictures(7));
  expect(shape).toMatchObject({ widthPx: 160, heightPx: 90, profile: 66, gopMs: 1_000, sounds: 1 });
  expect(shape.framesPerSecond).toBeCloseTo(fps);
  const declared: Declared = { widthPx: 160, heightPx: 90, framesPerSecond: fps, gopS: 1 };
  expect(unlike({ ...declared, h264Profile: "baseline" })).toEqual([]);
  expect(
    unlike({ widthPx: 320, heightPx: 180, framesPerSecond: 25, gopS: 0.5, h264Profile: "high" }),
  ).toEqual([
    "a brings 160x90, where 320x180 is declared",
    "a brings 15 pictures a second, where 25 are declared",
    "a brings keyframes further apart than the 0.5 s that are declared",
    "a brings H.264 Baseline, where High is declared",
  ]);
});

test("another size in mid-stream goes out from its first keyframe on, and is told for a minute", () => {
  const change = joined(made([]), made([], { size: "320x180", fromS: 18 }));
  const { sent, apart, shape, unlike, line } = played(change);
  expect(sent.length).toBeGreaterThanOrEqual(pictures(15));
  expect(apart.filter((ticks) => ticks !== 90_000 / fps)).toEqual([]);
  expect(unlike({})).toEqual(["a brings 320x180, where it was 160x90 before"]);
  expect(unlike({ widthPx: 160, heightPx: 90 })).toEqual([
    "a brings 320x180, where 160x90 is declared",
  ]);
  expect(shape.before).toEqual({ widthPx: 160, heightPx: 90 });
  const last = line.store.gops.at(-1)!.frames.at(-1)!;
  line.take({ ...last, dts: last.dts + 70_000 * 90, pts: last.pts + 70_000 * 90 }, 1_090_000);
  expect(line.shape(1_090_000)!.before).toBe(null);
});

test("10 bits and 4:2:2 go out as they are, and it is told that few show them", () => {
  for (const [profile, format] of [
    ["high10", "yuv420p10le"],
    ["high422", "yuv422p"],
  ] as const) {
    const { sent, unlike } = played(made(["-profile:v", profile, "-pix_fmt", format]));
    expect(sent.length).toBeGreaterThanOrEqual(pictures(7));
    expect(unlike({})).toEqual([
      `a makes pictures in H.264 ${profile === "high10" ? "High 10" : "High 4:2:2"}, which goes out as it is and few players show; set it to 8 bits in 4:2:0`,
    ]);
  }
});

test("pictures at no steady rate go out at their own times, each once, and it is told", () => {
  // Half a second of each is still.
  const filter = "select='lt(mod(n,15),8)+not(mod(n,3))'";
  const { sent, apart, told, unlike } = played(made([], { filter, seconds: 12 }));
  expect(told).toEqual([]);
  expect(sent.length).toBeGreaterThan(pictures(12) / 2);
  expect(new Set(apart).size).toBeGreaterThan(1);
  expect(apart.every((ticks) => ticks > 0 && ticks % (90_000 / fps) === 0)).toBe(true);
  expect(unlike({ framesPerSecond: fps })).toEqual([
    "a brings pictures at no steady rate, where 15 a second are declared",
  ]);
});

test("two pictures a second are taken for silence, and it is told what to set; then all go out", () => {
  const slides = made(["-g", "4"], { filter: "select='not(mod(n,8))'", seconds: 16 });
  const { told } = played(slides);
  expect(told).toEqual([
    "a brings pictures that are more than 400 ms apart, which is taken for silence; set relay.watchdog of the stream to more",
  ]);
  for (const mode of [whole, { kind: "next-keyframe" } as const]) {
    const patient = played(slides, { watchdogMs: 1_500, mode });
    expect(patient.told).toEqual([]);
    expect(patient.sent.length).toBeGreaterThanOrEqual(28);
    expect(patient.apart.filter((ticks) => ticks !== 8 * (90_000 / fps))).toEqual([]);
  }
  // A relay that begins again finds them in a file, all at once.
  const found = new InputLine({ id: "a", watchdogMs: 1_500, mostBytes: 60_000_000 });
  found.feed(Buffer.from(slides), 1_000);
  expect(new Set(found.store.gops.map(({ timeline }) => timeline)).size).toBe(1);
});

test("no end of a GOP: whole GOPs never come, it is told why, and no more is kept than there is room for", () => {
  const endless = made(["-g", "100000", "-b:v", "400k"], { seconds: 40 });
  const rare = played(endless);
  expect(rare.sent).toEqual([]);
  expect(rare.told).toEqual([
    "a makes keyframes more than 15 s apart: the relay begins with an IDR picture only; set it to one each 1 to 4 s",
  ]);
  const mostBytes = 500_000;
  const full = played(endless, { mostBytes });
  expect(full.sent).toEqual([]);
  expect(full.told).toContain(
    "a makes more between two keyframes than there is room for: the relay begins with an IDR picture only; set it to one each 1 to 4 s",
  );
  expect(full.storedBytes).toBeLessThan(1.2 * mostBytes);
  // It is over with the next keyframe that comes in time.
  const over = played(joined(endless, made([], { fromS: 50 })), { mostBytes });
  expect(over.misfits).toEqual([]);
  expect(over.sent.length).toBeGreaterThanOrEqual(pictures(6));
});

test("without a delay, pictures go out at once for as long as a GOP is, however long", () => {
  const endless = made(["-g", "100000", "-b:v", "400k"], { seconds: 40 });
  const { sent, apart, storedBytes } = played(endless, {
    ...{ mode: { kind: "next-keyframe" }, mostBytes: 500_000 },
  });
  expect(sent.length).toBeGreaterThanOrEqual(pictures(39));
  expect(apart.filter((ticks) => ticks !== 90_000 / fps)).toEqual([]);
  expect(storedBytes).toBeLessThan(600_000);
});

test("keyframes in open GOPs are no IDR, and are told as that", () => {
  const open = ["-x264-params", "open-gop=1:keyint=15:bframes=2:b-adapt=0", "-bf", "2"];
  const { told } = played(made(open, { seconds: 20 }));
  expect(told).toContain(
    "a makes keyframes that are no IDR (open GOPs): the relay begins with an IDR picture only; set it to one each 1 to 4 s",
  );
});

test("bytes that are no transport stream bring nothing, and are told as that", () => {
  const noise = randomFillSync(Buffer.alloc(2_500_000));
  noise[0] = 1;
  const { sent, told, line } = played(noise);
  expect(sent).toEqual([]);
  expect(told).toEqual(["from a comes no transport stream"]);
  expect(line.store.bytes).toBe(0);
});

test("what becomes noise in mid-stream, too; what went out before is whole", () => {
  const start = made([], { seconds: 4 });
  const noise = randomFillSync(Buffer.alloc(2_500_000));
  const line = new InputLine({ id: "a", watchdogMs: 400, mostBytes: 60_000_000 });
  for (const { atMs, bytes } of datagrams(start)) line.feed(Buffer.from(bytes), atMs);
  expect(line.misfits(4_000)).toEqual([]);
  for (let n = 0; n < 100; n++)
    line.feed(noise.subarray(n * 5_000, (n + 1) * 5_000), 4_000 + n * 100);
  expect(line.misfits(14_000)).toEqual([
    { kind: "bytes", number: 1, format: "no transport stream" },
  ]);
});

test("sound without a picture brings nothing, and is told as that", () => {
  // prettier-ignore
  const sound = execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "sine=sample_rate=48000",
    "-t", "10", "-c:a", "aac", "-f", "mpegts", "-"]);
  const line = new InputLine({ id: "a", watchdogMs: 400, mostBytes: 60_000_000 });
  const step = 188 * 10;
  for (let at = 0; at < sound.length; at += step)
    line.feed(Buffer.from(sound.subarray(at, at + step)), (10_000 * at) / sound.length);
  expect(line.misfits(10_000)).toEqual([{ kind: "bytes", number: 1, format: "no picture" }]);
});

test("no sound where the other has one is told; the picture goes out", () => {
  const mute = played(made([], { sound: false }));
  expect(mute.sent.length).toBeGreaterThanOrEqual(pictures(7));
  expect(mute.told).toEqual([]);
  const { shape } = played(made([]));
  expect(shapeMisfits({}, mute.shape, [{ id: "b", shape }])).toEqual([
    { kind: "settings", number: 1, format: "no sound, and b has one" },
  ]);
  expect(shapeMisfits({}, shape, [{ id: "b", shape: mute.shape }])).toEqual([]);
  expect(shapeMisfits({ isSilent: true }, mute.shape, [{ id: "b", shape }])).toEqual([]);
});
