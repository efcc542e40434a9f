/** How fast a medium fills, from what was really read of it. */

/** One look at the free space. */
export type Sample = { monoMs: number; freeBytes: number };

export const rateWindowMs = 600_000;
/** Nearer to each other they say nothing new: 600 s hold 121 of them. */
const leastApartMs = 5_000;
/** With less than this a rate would be a guess. */
const leastSamples = 5;
const leastSpanMs = 60_000;
/** So much more room at once was made by somebody: what was written before says nothing of it. */
const clearedRatio = 0.02;

/** The samples with `next`, without what is older than the window. */
export function withSample(
  samples: readonly Sample[],
  next: Sample,
  totalBytes: number | undefined,
): readonly Sample[] {
  const last = samples.at(-1);
  if (last && next.freeBytes - last.freeBytes > clearedRatio * (totalBytes ?? Infinity)) {
    return [next];
  }
  if (last && next.monoMs - last.monoMs < leastApartMs) return samples;
  const from = samples.findIndex(({ monoMs }) => next.monoMs - monoMs <= rateWindowMs);
  const kept = from < 0 ? [] : samples.slice(from);
  kept.push(next);
  return kept;
}

/**
 * Bytes per second that go onto the medium (least squares); below 0 it empties. Undefined while
 * there are fewer than 5 samples, or they span less than a minute.
 */
export function writeBytesPerSecond(samples: readonly Sample[]): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || samples.length < leastSamples) return undefined;
  if (last.monoMs - first.monoMs < leastSpanMs) return undefined;
  const n = samples.length;
  let [sumT, sumB] = [0, 0];
  for (const { monoMs, freeBytes } of samples) {
    sumT += monoMs - first.monoMs;
    sumB += freeBytes - first.freeBytes;
  }
  let [covariance, variance] = [0, 0];
  for (const { monoMs, freeBytes } of samples) {
    const t = monoMs - first.monoMs - sumT / n;
    covariance += t * (freeBytes - first.freeBytes - sumB / n);
    variance += t * t;
  }
  const slope = covariance / variance;
  return slope === 0 ? 0 : -slope * 1_000;
}

/** More than this is no forecast: the rate will be another one until then. */
const farthestS = 30 * 24 * 3_600;

/** Until less than `fullBytes` are free; undefined when it does not fill, or nobody can tell. */
export function secondsToFull(samples: readonly Sample[], fullBytes: number): number | undefined {
  const rate = writeBytesPerSecond(samples);
  const last = samples.at(-1);
  if (rate === undefined || !last || rate <= 0) return undefined;
  const seconds = Math.max(0, last.freeBytes - fullBytes) / rate;
  return seconds <= farthestS ? seconds : undefined;
}
