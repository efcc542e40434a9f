/** One measured figure and how it is judged. */
export type Figure = {
  /** `<bench>.<what>`, stable over versions. */
  id: string;
  /** Null: this machine has nothing to measure it with; `against` says why. */
  value: number | null;
  unit: string;
  /** The limit or peer measured in the same run, with its own value. */
  against: string | null;
  /** Value ÷ peer: the median over pairs where pairs were measured. */
  ratio: number | null;
  goal: string | null;
  /** Null where there is no goal: the figure explains another one. */
  pass: boolean | null;
};

export type Goal =
  | { atMost: number }
  | { atLeast: number }
  | { exactly: number }
  | { ratioAtMost: number }
  | { ratioAtLeast: number }
  /** 0.15: from 0.85 to 1.15 times. */
  | { ratioWithin: number };

/** `against.value` has the unit of the figure; `against.ratio` when it is not simply value ÷ peer. */
export function figure(p: {
  id: string;
  value: number;
  unit: string;
  against?: { what: string; value: number; ratio?: number };
  goal?: Goal;
}): Figure {
  const { id, unit, against } = p;
  const ratio = against ? (against.ratio ?? p.value / against.value) : null;
  return {
    id,
    value: rounded(p.value),
    unit,
    against: against ? `${against.what}: ${rounded(against.value)} ${unit}` : null,
    ratio: ratio === null ? null : rounded(ratio),
    goal: p.goal ? goalText(p.goal, unit) : null,
    // Judged before rounding: 10.04 is not 10.
    pass: p.goal ? holds(p.goal, p.value, ratio) : null,
  };
}

function goalText(goal: Goal, unit: string): string {
  if ("ratioAtMost" in goal) return `≤ ${goal.ratioAtMost} ×`;
  if ("ratioAtLeast" in goal) return `≥ ${goal.ratioAtLeast} ×`;
  if ("ratioWithin" in goal) return `1 ± ${goal.ratioWithin} ×`;
  if ("atMost" in goal) return `≤ ${goal.atMost} ${unit}`;
  if ("atLeast" in goal) return `≥ ${goal.atLeast} ${unit}`;
  return `${goal.exactly} ${unit}`;
}

/** A figure that is not a number, because nothing was measured, never passes. */
function holds(goal: Goal, value: number, ratio: number | null): boolean {
  if ("ratioAtMost" in goal) return ratio !== null && ratio <= goal.ratioAtMost;
  if ("ratioAtLeast" in goal) return ratio !== null && ratio >= goal.ratioAtLeast;
  if ("ratioWithin" in goal) return ratio !== null && Math.abs(ratio - 1) <= goal.ratioWithin;
  if ("atMost" in goal) return value <= goal.atMost;
  if ("atLeast" in goal) return value >= goal.atLeast;
  return value === goal.exactly;
}

/** Three digits are more than a shared machine repeats. */
function rounded(value: number): number {
  return Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(3));
}

/**
 * The smallest sample with at least this share of the samples at or below it. With fewer than 100
 * samples the 99th percentile is the largest: the strictest reading.
 */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
export const median = (samples: readonly number[]): number => quantile(samples, 0.5);
export const p99 = (samples: readonly number[]): number => quantile(samples, 0.99);
