/** What two encoders brought, with bytes that changed on the way: what of it goes out. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { InputLine } from "../../../daemon/relay/input-line.ts";
import { Playout } from "../../../daemon/relay/playout.ts";
import { readTimestamp } from "../../../daemon/relay/ts/clock-33.ts";
import { packetBytes } from "../../../daemon/relay/ts/packets.ts";
import { at } from "../../setup/effort.ts";

const [fps, lengthS] = [15, 40];
const soundTicks = 1_920;
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
const encoded = ["400k", "410k"].map((rate, n) => {
  // prettier-ignore
  ffmpeg(["-copyts", "-i", "source.ts", "-map", "0:v", "-map", "0:a", "-fps_mode", "passthrough", ...x264,
    "-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-g", String(fps), "-sc_threshold", "0", "-c:a", "copy",
    "-mpegts_copyts", "1", "-muxdelay", "0", "-muxpreload", "0", `${n}.ts`]);
  return readFileSync(join(folder, `${n}.ts`));
});

type Datagram = { line: number; atMs: number; bytes: Buffer };

/** Each comes at the time of the newest picture in it, counted from the first. */
function datagrams(file: Buffer, line: number): Datagram[] {
  let newestMs = 0;
  const all: Datagram[] = [];
  for (let from = 0; from < file.length; from += datagramBytes) {
    const bytes = file.subarray(from, from + datagramBytes);
    for (let at = 0; at + packetBytes <= bytes.length; at += packetBytes) {
      const isPicture = (bytes.readUInt16BE(at + 1) & 0x5fff) === 0x4100;
      const field = (bytes[at + 3]! & 0x20) === 0 ? 0 : 1 + bytes[at + 4]!;
      if (isPicture) newestMs = Math.max(newestMs, readTimestamp(bytes, at + 4 + field + 9)! / 90);
    }
    all.push({ line, atMs: newestMs + line * laterMs, bytes });
  }
  const firstMs = all.find(({ atMs }) => atMs > line * laterMs)!.atMs;
  return all.map((one) => ({ ...one, atMs: Math.max(0, one.atMs - firstMs) + line * laterMs }));
}
const both = encoded.flatMap(datagrams).sort((a, b) => a.atMs - b.atMs);

/** What a frame shows, by its bytes. */
const numbers = new Map<string, number>();
const name = (payload: Buffer) => payload.toString("latin1");
for (const file of encoded) {
  const line = new InputLine({ id: "whole", watchdogMs: Infinity, mostBytes: Infinity });
  line.feed(Buffer.from(file), 0);
  const pictures = line.store.gops.flatMap(({ frames }) => frames);
  const sounds = line.store.sounds[1]!.map(({ frame }) => frame);
  for (const frames of [pictures, sounds])
    frames.forEach(({ payload }, n) => numbers.set(name(payload), n));
}

/** The rot hits one after the other, four times in all. */
function played(random: () => number) {
  const lines = ["a", "b"].map(
    (id) => new InputLine({ id, watchdogMs: 400, mostBytes: 8 * 2 ** 20 }),
  );
  const sent: { track: number; pts: number; number: number | undefined }[] = [];
  const startMs = 1_000_000;
  let nowMs = startMs;
  const playout = new Playout({
    lines,
    mode: { kind: "gop-atomic", marginMs: 200 },
    watchdogMs: 400,
    orders: { generation: 0, eligible: ["a", "b"], preferred: "a" },
    send: ({ track, pts, payload }) =>
      sent.push({ track, pts, number: numbers.get(name(payload)) }),
    changed: () => undefined,
  });
  const passTo = (atMs: number) => {
    for (let wakeMs = nowMs; wakeMs <= atMs; nowMs = wakeMs)
      wakeMs = Math.max(playout.tick(nowMs), nowMs + 1);
    nowMs = atMs;
  };
  const hits = [5, 12, 19, 26].map((s, n) => {
    const fromMs = 1_000 * (s + random());
    return { line: n % 2, fromMs, toMs: fromMs + 1_000 + 2_500 * random() };
  });
  let passed = Math.floor(oneIn * random());
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
  return (track: number) => sent.filter((frame) => frame.track === track);
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
    const of = played(seeded(seed));
    for (const [track, apart] of [
      [0, 90_000 / fps],
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
