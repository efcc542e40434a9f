/**
 * How well a box can be talked to, 0 … 100, and whether that gets worse. Pure: what was measured is
 * handed in.
 */
import type { Burden, Prediction } from "./connection.ts";
import { slowMs } from "./request-pressure.ts";

/** One question over the network and what became of it. */
export type Exchange = {
  /** When it was over, monotonic ms. */
  atMs: number;
  /** Of an answer; a failure has none that would say anything. */
  latencyMs?: number;
  /** The box broke the connection. */
  isReset?: boolean;
};

/** What a score is made of. */
export type Talk = {
  /** Of the last five minutes. */
  exchanges: readonly Exchange[];
  /** How long ago it last answered, ms; undefined: never. */
  answeredAgoMs: number | undefined;
  /** An answer older than this says nothing of the present, ms. */
  readingMaxAgeMs: number;
};

/** Faster is no better for a box that is asked every few seconds. */
const quickMs = 100;
/** As many broken connections in five minutes are as bad as it gets. */
const worstResets = 5;

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 0 && low !== undefined && high !== undefined
    ? (low + high) / 2
    : high;
}

export const latencyOf = (exchanges: readonly Exchange[]): number | undefined =>
  median(exchanges.flatMap(({ latencyMs }) => latencyMs ?? []));
export const failuresIn = (exchanges: readonly Exchange[]): number =>
  exchanges.filter(({ latencyMs }) => latencyMs === undefined).length;
export const resetsIn = (exchanges: readonly Exchange[]): number =>
  exchanges.filter(({ isReset }) => isReset).length;

/**
 * The worst of four burdens decides, and is named: the median latency (100 ms is fine, 1 s is the
 * worst), the failures (half of all), broken connections (five), and how long ago it last answered
 * (from the age at which a reading is unknown to three times that).
 * @returns undefined when it was never asked
 */
export function healthOf(talk: Talk): { healthScore: number; burden?: Burden } | undefined {
  const { exchanges, answeredAgoMs, readingMaxAgeMs } = talk;
  if (exchanges.length === 0 && answeredAgoMs === undefined) return undefined;
  const latency = ((latencyOf(exchanges) ?? 0) - quickMs) / (slowMs - quickMs);
  const errors = exchanges.length === 0 ? 0 : (2 * failuresIn(exchanges)) / exchanges.length;
  const age = answeredAgoMs ?? 0;
  const burdens: [Burden, number][] = [
    ["staleness", (age - readingMaxAgeMs) / (2 * readingMaxAgeMs)],
    ["errors", errors],
    ["resets", resetsIn(exchanges) / worstResets],
    ["latency", latency],
  ];
  const [worst, share] = burdens.reduce((a, b) => (b[1] > a[1] ? b : a));
  const healthScore = Math.round(100 * (1 - Math.min(Math.max(share, 0), 1)));
  return healthScore === 100 ? { healthScore } : { healthScore, burden: worst };
}

/** The latency of one short time, as it is kept for a while. */
export type LatencyPoint = { atMs: number; latencyMs: number };

/** A line through less is noise. */
const leastPoints = 10;
const leastSpanMs = 5 * 60_000;
/** So much of what moves must lie on the line (r²), or it is noise, too. */
const leastFit = 0.5;
const minuteMs = 60_000;
/** Trouble further away than this is not told; once told it stays so until it is twice as far. */
const aheadMs = 15 * minuteMs;

/**
 * A box that gets slower and slower is about to stop answering: a least-squares line through its
 * latencies says when it reaches 1 s.
 * @param wasPredicted it was told, and is not taken back for a little
 */
export function predictSlowness(
  points: readonly LatencyPoint[],
  wasPredicted: boolean,
): Prediction | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < leastPoints) return undefined;
  const spanMs = last.atMs - first.atMs;
  if (spanMs < leastSpanMs) return undefined;
  const line = leastSquares(points.map(({ atMs, latencyMs }) => [atMs - last.atMs, latencyMs]));
  if (!line || line.slope <= 0 || line.fit < leastFit || line.now >= slowMs) return undefined;
  const inMs = (slowMs - line.now) / line.slope;
  if (inMs > (wasPredicted ? 2 : 1) * aheadMs) return undefined;
  const method = `least-squares line through ${Math.round(spanMs / minuteMs)} min`;
  return { what: "latency", reachesMs: slowMs, inMs: Math.round(inMs), method };
}

/** @returns slope per x, value at x = 0, and r² */
function leastSquares(points: readonly (readonly [x: number, y: number])[]) {
  const mean = (of: (x: number, y: number) => number) =>
    points.reduce((sum, [x, y]) => sum + of(x, y), 0) / points.length;
  const [meanX, meanY] = [mean((x) => x), mean((_, y) => y)];
  const spreadX = mean((x) => (x - meanX) ** 2);
  const spreadY = mean((_, y) => (y - meanY) ** 2);
  if (spreadX === 0 || spreadY === 0) return undefined;
  const shared = mean((x, y) => (x - meanX) * (y - meanY));
  const slope = shared / spreadX;
  return { slope, now: meanY - slope * meanX, fit: shared ** 2 / (spreadX * spreadY) };
}
