/** What two encoders brought, with bytes that changed on the way: what of it goes out. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { InputLine } from "../../../daemon/relay/input-line.ts";
import { type Mode, Playout } from "../../../daemon/relay/playout.ts";
import type { OutFrame } from "../../../daemon/relay/restamp.ts";
import { readTimestamp } from "../../../daemon/relay/ts/clock-33.ts";
import { packetBytes } from "../../../daemon/relay/ts/packets.ts";
import { at } from "../../setup/effort.ts";

const [fps, lengthS] = [15, 40];
const soundTicks = 1_920;
const pictureTicks = 90_000 / fps;
/** The second encoder is later by this, ms. */
const laterMs = 40;
const datagramBytes = 7 * packetBytes;
/** One byte in so many becomes another. */
const oneIn = 101;

const folder = mkdtempSync(join(tmpdir(), "bit-rot-"));
afterAll(() => rmSync(folder, { recursive: true }));
const ffmpeg = (argv: string[]) =>
  execFileSync("ffmpeg", ["-v", "error", "-nostdin", ...argv], { cwd: folder });

// prettier-ignore
const x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1"];
// prettier-ignore
ffmpeg(["-f", "lavfi", "-i", `testsrc2=size=320x180:rate=${fps}`,
  "-f", "lavfi", "-i", "anoisesrc=sample_rate=48000:seed=3:amplitude=0.3", "-t", String(lengthS),
  ...x264, "-g", String(fps), "-b:v", "600k", "-c:a", "aac", "-ac", "2", "-b:a", "64k", "source.ts"]);
/** Of the third the keyframes are between those of the others. */
const encoded = [
  { rate: "400k", first: 0 },
  { rate: "410k", first: 0 },
  { rate: "410k", first: 7 },
].map(({ rate, first }, n) => {
  // prettier-ignore
  ffmpeg(["-copyts", "-i", "source.ts", "-map", "0:v", "-map", "0:a",
    "-vf", `select=gte(n\\,${first})`, "-fps_mode", "passthrough", ...x264, "-b:v", rate, "-maxrate", rate,
    "-bufsize", rate, "-g", String(fps), "-sc_threshold", "0", "-c:a", "copy", "-mpegts_copyts",
    "1", "-muxdelay", "0", "-muxpreload", "0", `${n}.ts`]);
  return readFileSync(join(folder, `${n}.ts`));
});

/** What a frame shows, by its bytes. */
const numbers = new Map<string, number>();
const name = (payload: Buffer) => payload.toString("latin1");
/** Of the first picture. */
let firstMs = Infinity;
for (const file of encoded) {
  const line = new InputLine({ id: "whole", watchdogMs: Infinity, mostBytes: Infinity });
  line.feed(Buffer.from(file), 0);
  const pictures = line.store.gops.flatMap(({ frames }) => frames);
  const sounds = line.store.sounds[1]!.map(({ frame }) => frame);
  firstMs = Math.min(firstMs, pictures[0]!.pts / 90);
  for (const { pts, payload } of pictures)
    numbers.set(name(payload), Math.round((pts - firstMs * 90) / pictureTicks));
  sounds.forEach(({ payload }, n) => numbers.set(name(payload), n));
}

type Datagram = { line: number; atMs: number; bytes: Buffer };

/** Each comes at the time of the newest picture in it, counted from the first. */
function datagrams(file: Buffer, line: number): Datagram[] {
  let newestMs = firstMs;
  const all: Datagram[] = [];
  for (let from = 0; from < file.length; from += datagramBytes) {
    const bytes = file.subarray(from, from + datagramBytes);
    for (let at = 0; at + packetBytes <= bytes.length; at += packetBytes) {
      const isPicture = (bytes.readUInt16BE(at + 1) & 0x5fff) === 0x4100;
      const field = (bytes[at + 3]! & 0x20) === 0 ? 0 : 1 + bytes[at + 4]!;
      if (isPicture) newestMs = Math.max(newestMs, readTimestamp(bytes, at + 4 + field + 9)! / 90);
    }
    all.push({ line, atMs: newestMs - firstMs + line * laterMs, bytes });
  }
  return all;
}

/** The rot hits one after the other, four times in all. */
function played(random: () => number, mode: Mode, [a, b]: [number, number] = [0, 1]) {
  const lines = ["a", "b"].map(
    (id) => new InputLine({ id, watchdogMs: 400, mostBytes: 8 * 2 ** 20 }),
  );
  const sent: (Omit<OutFrame, "payload"> & { atMs: number; number: number | undefined })[] = [];
  const startMs = 1_000_000;
  let nowMs = startMs;
  const playout = new Playout({
    lines,
    mode,
    watchdogMs: 400,
    orders: { generation: 0, eligible: ["a", "b"], preferred: "a" },
    send: ({ payload, ...frame }) =>
      sent.push({ ...frame, atMs: nowMs - startMs, number: numbers.get(name(payload)) }),
    changed: () => undefined,
  });
  const passTo = (atMs: number) => {
    for (let wakeMs = nowMs; wakeMs <= atMs; nowMs = wakeMs)
      wakeMs = Math.max(playout.tick(nowMs), nowMs + 1);
    nowMs = atMs;
  };
  // Who is back is known again, and how late it is, when the other is hit.
  const hits = [7, 14, 21, 28].map((s, n) => {
    const fromMs = 1_000 * (s + random());
    return { line: n % 2, fromMs, toMs: fromMs + 1_000 + 2_500 * random() };
  });
  let passed = Math.floor(oneIn * random());
  const both = [encoded[a]!, encoded[b]!].flatMap(datagrams).sort((x, y) => x.atMs - y.atMs);
  for (const { line, atMs, bytes } of both) {
    passTo(startMs + atMs);
    playout.forget(nowMs);
    const isHit = hits.some((hit) => hit.line === line && atMs >= hit.fromMs && atMs < hit.toMs);
    const come = Buffer.from(bytes);
    for (let n = 0; isHit && n < come.length; n++) if (++passed % oneIn === 0) come[n]! ^= 0x5a;
    lines[line]!.feed(come, nowMs);
    playout.tick(nowMs);
  }
  passTo(nowMs + 3_000);
  expect(lines.every(({ figures }) => figures.damagedPictures > 0)).toBe(true);
  return { hits, of: (track: number) => sent.filter((frame) => frame.track === track) };
}

/** mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test("one in a hundred bytes of the carrier is wrong: every picture and all sound goes out once, unhurt", () => {
  for (let seed = 1; seed <= at({ check: 5, test: 30, torture: 300 }); seed++) {
    const { of } = played(seeded(seed), { kind: "gop-atomic", marginMs: 200 });
    for (const [track, apart] of [
      [0, pictureTicks],
      [1, soundTicks],
    ] as const) {
      const frames = of(track);
      const wrong = frames.slice(1).flatMap(({ pts, number }, n) => {
        const before = frames[n]!;
        const goesOn = number !== undefined && number === before.number! + 1;
        return goesOn && Math.abs(pts - before.pts - apart) <= 1
          ? []
          : [`${before.number} → ${number} after ${pts - before.pts}`];
      });
      expect([seed, track, wrong]).toEqual([seed, track, []]);
      expect(frames.length).toBeGreaterThan((0.95 * lengthS * 90_000) / apart);
    }
  }
});

test("without a delay it costs a GOP at most, with alike GOPs and with unlike ones", () => {
  for (const [encoders, sourceClocked] of [
    [[0, 1], true],
    [[0, 2], false],
  ] as [[number, number], boolean][]) {
    for (let seed = 1; seed <= at({ check: 3, test: 10, torture: 100 }); seed++) {
      const mode = { kind: "next-keyframe", sourceClocked } as const;
      const { hits, of } = played(seeded(seed), mode, encoders);
      const shown = shownWhole(of(0));
      const lost = hits.map(({ fromMs }, n) => {
        const toMs = hits[n + 1]?.fromMs ?? Infinity;
        const own = shown.filter(({ atMs }) => atMs >= fromMs - 1_000 && atMs < toMs);
        const [first, last] = [own[0]!.number, Math.max(...own.map(({ number }) => number))];
        return last - first + 1 - new Set(own.map(({ number }) => number)).size;
      });
      expect([encoders, seed, lost]).toEqual([encoders, seed, lost.map((it) => Math.min(it, fps))]);
      expect(shown.at(-1)!.number).toBeGreaterThanOrEqual(lengthS * fps - 5);
      // What comes again does so before another picture could be shown.
      if (sourceClocked) expect(again(shown)).toEqual([]);
    }
  }
});

type Shown = { number: number; pts: number; atMs: number };

/** Pictures that a decoder has whole: itself and all from its keyframe on came unhurt. */
function shownWhole(
  pictures: { key: boolean; pts: number; atMs: number; number: number | undefined }[],
): Shown[] {
  let last: number | undefined;
  return pictures.flatMap(({ key, number, ...at }) => {
    last = number !== undefined && (key || number - 1 === last) ? number : undefined;
    return last === undefined ? [] : [{ ...at, number: last }];
  });
}

/** Where one from before what was shown comes, for long enough to be seen. */
function again(shown: Shown[]): string[] {
  let most = -1;
  return shown.slice(0, -1).flatMap(({ number, pts }, n) => {
    const isAgain = number < most;
    most = Math.max(most, number);
    return isAgain && shown[n + 1]!.pts - pts >= 90 ? [`${most} → ${number}`] : [];
  });
}
