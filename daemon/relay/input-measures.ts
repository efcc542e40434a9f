import { type Frame, ticksPerMs } from "./frame.ts";
import type { Timeline } from "./timeline.ts";

/** Over what the bit rate is told, s, and over how many of these how even it is. */
const windowS = 10;
const windows = 6;
const driftWindowMs = 5_000;

type Means = { sumMs: number; count: number };

/** How an input comes: how much, how evenly, and whether its sound stays with its picture. */
export class InputMeasures {
  /** Bytes of each second, the newest last; the second that passes now is not among them. */
  #seconds: number[] = [];
  #second: number | undefined;
  #bytes = 0;
  /** Of the sound and the picture of this timeline: their lateness since `fromMs`. */
  #drift: { timeline: Timeline; fromMs: number; means: [Means, Means]; firstMs?: number } | null =
    null;
  /** How much later the sound comes than it did at first, by its times, ms; null: not known yet. */
  avDriftMs: number | null = null;

  bytes(count: number, nowMs: number): void {
    this.#passTo(nowMs);
    this.#bytes += count;
  }

  /** Over the last 10 s; null: it has not come for so long. */
  bitrateBps(nowMs: number): number | null {
    this.#passTo(nowMs);
    const last = this.#seconds.slice(-windowS);
    return last.length < windowS ? null : rateOf(last);
  }

  /** From the least to the most of 10 s within the last minute, as a part of their mean. */
  spreadRatio(nowMs: number): number | null {
    this.#passTo(nowMs);
    if (this.#seconds.length < windowS * windows) return null;
    const rates = Array.from({ length: windows }, (_, at) =>
      rateOf(this.#seconds.slice(at * windowS, (at + 1) * windowS)),
    );
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / windows;
    return mean === 0 ? null : (Math.max(...rates) - Math.min(...rates)) / mean;
  }

  /** It brings nothing: what comes later is measured anew. */
  forget(): void {
    this.#seconds = [];
    this.#second = undefined;
    this.#drift = null;
    this.avDriftMs = null;
  }

  /** The lateness of each is the mean over some seconds: they are sent in turn, and in bursts. */
  frame({ track, pts }: Pick<Frame, "track" | "pts">, timeline: Timeline, nowMs: number): void {
    if (track > 1) return;
    if (this.#drift?.timeline !== timeline) {
      this.#drift = { timeline, fromMs: nowMs, means: newMeans() };
      this.avDriftMs = null;
    }
    const drift = this.#drift;
    if (nowMs - drift.fromMs >= driftWindowMs) {
      const [picture, sound] = drift.means;
      if (picture.count > 0 && sound.count > 0) {
        const apartMs = picture.sumMs / picture.count - sound.sumMs / sound.count;
        drift.firstMs ??= apartMs;
        this.avDriftMs = apartMs - drift.firstMs;
      }
      Object.assign(drift, { fromMs: nowMs, means: newMeans() });
    }
    const of = drift.means[track as 0 | 1];
    of.sumMs += nowMs - pts / ticksPerMs;
    of.count++;
  }

  #passTo(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    this.#second ??= second;
    // What was read late came earlier, by a little.
    if (second <= this.#second) return;
    const missed = Math.min(second - this.#second - 1, windowS * windows);
    const passed = [this.#bytes, ...Array<number>(missed).fill(0)];
    this.#seconds = [...this.#seconds, ...passed].slice(-windowS * windows);
    this.#second = second;
    this.#bytes = 0;
  }
}

const newMeans = (): [Means, Means] => [
  { sumMs: 0, count: 0 },
  { sumMs: 0, count: 0 },
];

const rateOf = (seconds: readonly number[]) =>
  (8 * seconds.reduce((sum, bytes) => sum + bytes, 0)) / seconds.length;
