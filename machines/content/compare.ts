import type { Picture } from "./picture.ts";

/** Whether two encoders show the same programme. */
export type Comparison = { word: "same" | "different" | "cannotTell"; because: string };

/** How much later than in `b` the same moment may be seen in `a`, ms; negative: earlier. */
export type Lag = { leastMs: number; mostMs: number };

/** Levels (of 255) that a picture must vary by to be told from another, in space and in time. */
const needs = { texture: 6, motion: 1.5, pairs: 4 };
const stepMs = 100;
/** Two pictures this far apart in time may still be the same moment. */
const apartMs = 250;
/**
 * Correlations, -1…1. Measured: the same programme through two encoders reaches 0.95 and more in
 * both, other programmes stay below 0.4. What lies between is nobody's word.
 */
const same = { picture: 0.85, motion: 0.7 };
const different = { picture: 0.6, motion: 0.5 };

/**
 * Slides `b` along `a` within `lag` and looks where they agree best: as pictures, and in what
 * moves (each place minus its mean over time, so that a common logo or set does not count).
 * "different" is said only when both have texture and motion and every possible lag was tried.
 */
export function compare(a: readonly Picture[], b: readonly Picture[], lag: Lag): Comparison {
  for (const [series, which] of [
    [a, "first"],
    [b, "second"],
  ] as const) {
    if (series.length < needs.pairs) return cannotTell(`too few pictures of the ${which}`);
    if (texture(series) < needs.texture) return cannotTell(`the ${which} shows next to nothing`);
    if (motion(series) < needs.motion) return cannotTell(`the ${which} hardly moves`);
  }
  let best = { picture: -1, motion: -1, lagMs: 0 };
  let [highestPicture, highestMotion, untried] = [-1, -1, 0];
  for (let lagMs = lag.leastMs; lagMs <= lag.mostMs; lagMs += stepMs) {
    const pairs = pairsAt(a, b, lagMs);
    if (pairs.length < needs.pairs) {
      untried += 1;
      continue;
    }
    const agreement = { picture: pictureAgreement(pairs), motion: motionAgreement(pairs), lagMs };
    highestPicture = Math.max(highestPicture, agreement.picture);
    highestMotion = Math.max(highestMotion, agreement.motion);
    if (agreement.picture + agreement.motion > best.picture + best.motion) best = agreement;
  }
  const figures = `${percent(best.picture)} alike, motion ${percent(best.motion)}`;
  if (best.picture >= same.picture && best.motion >= same.motion) {
    return { word: "same", because: `${figures}, ${(best.lagMs / 1_000).toFixed(1)} s apart` };
  }
  if (untried > 0) return cannotTell("their pictures do not overlap for long enough");
  return highestPicture < different.picture && highestMotion < different.motion
    ? { word: "different", because: `at best ${figures}` }
    : cannotTell(`at best ${figures}`);
}

const cannotTell = (because: string): Comparison => ({ word: "cannotTell", because });
const percent = (ratio: number) => `${Math.round(100 * Math.max(0, ratio))} %`;

type Pair = readonly [Uint8Array, Uint8Array];

/** Each picture of the sparser series with the nearest of the other. */
function pairsAt(a: readonly Picture[], b: readonly Picture[], lagMs: number): Pair[] {
  const [few, many, byMs] = a.length <= b.length ? [a, b, -lagMs] : [b, a, lagMs];
  const pairs: Pair[] = [];
  let near = 0;
  for (const one of few) {
    const wantedMs = one.atMs + byMs;
    const offMs = (i: number) => Math.abs((many[i]?.atMs ?? Infinity) - wantedMs);
    while (offMs(near + 1) <= offMs(near)) near += 1;
    const other = many[near];
    if (other && offMs(near) <= apartMs) pairs.push([one.luma, other.luma]);
  }
  return pairs;
}

/** Median correlation of the pairs: one that fell into a cut does not count. */
function pictureAgreement(pairs: readonly Pair[]): number {
  const each = pairs.map(([a, b]) => correlation(a, meanOf(a), b, meanOf(b))).sort((x, y) => x - y);
  return each[Math.floor(each.length / 2)]!;
}

/** Correlation over all pairs of what is left without the mean picture of each side. */
function motionAgreement(pairs: readonly Pair[]): number {
  const meanA = meanPicture(pairs.map(([a]) => a));
  const meanB = meanPicture(pairs.map(([, b]) => b));
  let [ab, aa, bb] = [0, 0, 0];
  for (const [a, b] of pairs) {
    for (let i = 0; i < a.length; i++) {
      const da = a[i]! - meanA[i]!;
      const db = b[i]! - meanB[i]!;
      ab += da * db;
      aa += da * da;
      bb += db * db;
    }
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

function correlation(a: Uint8Array, meanA: number, b: Uint8Array, meanB: number): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const da = a[i]! - meanA;
    const db = b[i]! - meanB;
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

function meanOf(luma: Uint8Array): number {
  let sum = 0;
  for (const level of luma) sum += level;
  return sum / luma.length;
}

function meanPicture(pictures: readonly Uint8Array[]): Float64Array {
  const mean = new Float64Array(pictures[0]!.length);
  for (const luma of pictures) {
    for (let i = 0; i < mean.length; i++) mean[i]! += luma[i]! / pictures.length;
  }
  return mean;
}

/** Median over the pictures of how much each varies from place to place, levels. */
function texture(series: readonly Picture[]): number {
  const each = series
    .map(({ luma }) => {
      const mean = meanOf(luma);
      let sum = 0;
      for (const level of luma) sum += (level - mean) ** 2;
      return Math.sqrt(sum / luma.length);
    })
    .sort((x, y) => x - y);
  return each[Math.floor(each.length / 2)]!;
}

/** How much places vary over time, levels (root mean square over all places and pictures). */
function motion(series: readonly Picture[]): number {
  const mean = meanPicture(series.map(({ luma }) => luma));
  let sum = 0;
  for (const { luma } of series) {
    for (let i = 0; i < mean.length; i++) sum += (luma[i]! - mean[i]!) ** 2;
  }
  return Math.sqrt(sum / (series.length * mean.length));
}
