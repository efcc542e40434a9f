/**
 * How hot a box is and where it is going: chassis degrees, as the box says of itself. What we do to
 * its small web server is another figure and never mixed with it: see request-pressure.ts.
 */
import { elapsedMs, type Stamp } from "../time.ts";
import type { BusyLimits } from "./busy.ts";

/** Chassis degrees, one reading. */
export type HeatSample = { celsius: number; at: Stamp };

/** What thermal decisions are measured against. Degrees are chassis degrees, °C. */
export type HeatLimits = BusyLimits & {
  hotC: number;
  /** Below this it is cool again: 8 °C of hysteresis by default, or it would flap. */
  coolC: number;
  /** From here it is taken off the programme, also when nobody can take over. */
  protectC: number;
  /** Acts when the trend reaches `hotC` within this time, ms. */
  lookAheadMs: number;
  /** Between two steps, up or down, ms: a chassis answers a lower load this slowly. */
  coolingPeriodMs: number;
};

export const coolingSteps = 5;

/** A trend out of less is noise: a box that was just opened, or a sensor that jumps. */
const trendNeedsMs = 60_000;
const trendKeepsMs = 5 * 60_000;
/** Chassis sensors speak in whole degrees: more often says nothing more. */
const sampleEveryMs = 5_000;

/** @returns the samples that still count, with this one; the last is always the newest */
export function withSample(samples: readonly HeatSample[], next: HeatSample): HeatSample[] {
  const before = samples.at(-2);
  const replaces = before !== undefined && elapsedMs(before.at, next.at) < sampleEveryMs;
  // Thousands of boxes do this with each reading, and mostly one sample is too old, or none.
  let from = 0;
  while (from < samples.length && elapsedMs(samples[from]!.at, next.at) > trendKeepsMs) from += 1;
  const kept = samples.slice(from, replaces ? -1 : undefined);
  kept.push(next);
  return kept;
}

/** °C per minute over the last five minutes, by least squares; undefined when too little is known. */
export function trend(samples: readonly HeatSample[]): number | undefined {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || elapsedMs(first.at, last.at) < trendNeedsMs) return undefined;
  const points = samples.map(({ celsius, at }) => ({
    x: elapsedMs(first.at, at) / 60_000,
    celsius,
  }));
  const mean = (of: (point: { x: number; celsius: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [meanX, meanC] = [mean(({ x }) => x), mean(({ celsius }) => celsius)];
  const spread = mean(({ x }) => (x - meanX) ** 2);
  if (spread === 0) return undefined;
  return mean(({ x, celsius }) => (x - meanX) * (celsius - meanC)) / spread;
}

/**
 * `hot`: at the limit, or on the way there so fast that waiting would reach it. The way there
 * counts only above `coolC`: a box that warms up from cold is no fault.
 */
export function isHot(samples: readonly HeatSample[], limits: HeatLimits): boolean {
  const now = samples.at(-1)?.celsius;
  if (now === undefined) return false;
  if (now >= limits.hotC) return true;
  if (now < limits.coolC) return false;
  const perMinute = trend(samples);
  if (perMinute === undefined || perMinute <= 0) return false;
  return now + perMinute * (limits.lookAheadMs / 60_000) >= limits.hotC;
}

export function isCool(samples: readonly HeatSample[], { coolC }: HeatLimits): boolean {
  const now = samples.at(-1)?.celsius;
  return now !== undefined && now < coolC;
}

/** Still gets warmer, or stays where it is too hot: this step was not enough. */
export function needsMore(samples: readonly HeatSample[], limits: HeatLimits): boolean {
  const now = samples.at(-1)?.celsius;
  if (now === undefined || now < limits.coolC) return false;
  return now >= limits.hotC || (trend(samples) ?? 0) > 0;
}
