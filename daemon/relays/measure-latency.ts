/**
 * How much later one encoder of a source brings the same moment than another: nothing in what they
 * send tells it, but what is heard. Both are listened to for a while, and where the loudness of the
 * one fits on that of the other best is the difference.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { ticksPerMs } from "../relay/frame.ts";
import { FrameReader } from "../relay/frame-reader.ts";
import { pollMs, SpoolInput } from "../relay/spool-input.ts";
import { type Timeline, Timelines } from "../relay/timeline.ts";

export type Heard = { id: string; levels: Float64Array; fromMs: number };

const sampleRateHz = 8_000;
/** Loudness is taken in steps of this, ms. */
export const stepMs = 2;
const mostMs = 700;
/** Two that show the same are at least so alike, and at no other place nearly as much. */
const least = { likeness: 0.6, lead: 0.1 };
/** Beside the peak, ms: the same peak. */
const peakMs = 100;
/** Loudness that varies by less says nothing, in decades. */
const leastSpread = 0.03;

/** Listens to what reaches the relay. @throws when one of them brings no sound that goes on */
export function listenTo(
  inputs: readonly { id: string; folder: string }[],
  forMs: number,
  signal: AbortSignal,
): Promise<Heard[]> {
  return Promise.all(inputs.map(({ id, folder }) => hear(id, folder, forMs, signal)));
}

async function hear(id: string, folder: string, forMs: number, signal: AbortSignal) {
  const timelines = new Timelines();
  let timeline: Timeline | undefined;
  let sounds: Buffer[] = [];
  let first = 0;
  const nowMs = () => performance.now();
  const reader = new FrameReader((frame, atMs) => {
    const now = timelines.of(frame, atMs, { wasSilent: false, isDoubtful: false });
    if (now !== timeline) sounds = [];
    timeline = now;
    if (frame.track !== 1) return;
    if (sounds.length === 0) first = frame.pts / ticksPerMs;
    sounds.push(frame.payload);
  });
  const onBytes = (bytes: Buffer, agoMs: number) => reader.feed(bytes, nowMs() - agoMs);
  const spool = new SpoolInput({ folder, sinceMs: undefined, onBytes });
  const untilMs = nowMs() + forMs;
  while (nowMs() < untilMs) {
    spool.poll(nowMs());
    await pause(pollMs, undefined, { signal });
  }
  spool.close();
  const levels = timeline ? await levelsOf(Buffer.concat(sounds)) : new Float64Array();
  if (timeline === undefined || levels.length * stepMs < forMs / 2) {
    throw new Error(`${id} brings no sound that goes on`);
  }
  return { id, levels, fromMs: first + timeline.offsetMs };
}

/** Loudness in each step, in decades. */
async function levelsOf(adts: Buffer): Promise<Float64Array> {
  // prettier-ignore
  const child = spawn("ffmpeg", ["-v", "error", "-f", "aac", "-i", "pipe:0", "-ac", "1",
    "-ar", String(sampleRateHz), "-f", "f32le", "pipe:1"], { stdio: ["pipe", "pipe", "ignore"] });
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  child.stdin.on("error", () => undefined);
  child.stdin.end(adts);
  await once(child, "close");
  const bytes = Buffer.concat(parts);
  const samples = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  const each = (sampleRateHz * stepMs) / 1_000;
  return Float64Array.from({ length: Math.floor(samples.length / each) }, (_, n) => {
    const part = samples.subarray(n * each, (n + 1) * each);
    const power = part.reduce((sum, sample) => sum + sample * sample, 0) / each;
    return Math.log10(power + 1e-7);
  });
}

/** @returns how much later `b` is than `a`, ms @throws where their sound does not tell it */
export function laterMs(a: Heard, b: Heard): number {
  const steps = mostMs / stepMs;
  const shift = Math.round((b.fromMs - a.fromMs) / stepMs);
  const fits = Array.from({ length: 2 * steps + 1 }, (_, n) => {
    const lag = n - steps;
    return { lagMs: lag * stepMs, likeness: likeness(a.levels, b.levels, lag - shift) };
  });
  const best = fits.reduce((one, other) => (other.likeness > one.likeness ? other : one));
  const others = fits.filter(({ lagMs }) => Math.abs(lagMs - best.lagMs) > peakMs);
  const next = Math.max(...others.map((other) => other.likeness));
  if (!(best.likeness >= least.likeness)) {
    throw new Error(
      `${a.id} and ${b.id} do not sound alike, or are silent: try again with a voice`,
    );
  }
  if (best.likeness - next < least.lead) {
    throw new Error(`the sound of ${a.id} and ${b.id} is alike everywhere: try again with a voice`);
  }
  // What stands between two steps, by the curve through the three highest.
  const [before, after] = [-1, 1].map(
    (side) => fits.find(({ lagMs }) => lagMs === best.lagMs + side * stepMs)?.likeness,
  );
  if (before === undefined || after === undefined) return best.lagMs;
  const bend = before - 2 * best.likeness + after;
  return best.lagMs + (bend === 0 ? 0 : ((before - after) / (2 * bend)) * stepMs);
}

/** Pearson's r of `a[n]` and `b[n + lag]` where both are; 0 where one does not vary. */
function likeness(a: Float64Array, b: Float64Array, lag: number): number {
  const from = Math.max(0, -lag);
  const count = Math.min(a.length, b.length - lag) - from;
  if (count < 1_000 / stepMs) return 0;
  let [sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0];
  for (let n = from; n < from + count; n++) {
    const [x, y] = [a[n]!, b[n + lag]!];
    sumA += x;
    sumB += y;
    sumAA += x * x;
    sumBB += y * y;
    sumAB += x * y;
  }
  const spread = (sum: number, squares: number) =>
    Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  const [spreadA, spreadB] = [spread(sumA, sumAA), spread(sumB, sumBB)];
  if (spreadA < leastSpread || spreadB < leastSpread) return 0;
  return (sumAB / count - (sumA / count) * (sumB / count)) / (spreadA * spreadB);
}
