/** How long no picture came to the far end after a fault. */
export type Gap = {
  /** Between two pictures before the fault: the median. */
  naturalMs: number;
  /** The longest of them: what the machine does by itself. */
  usualMs: number;
  /** The longest time without a picture after the fault. */
  longestMs: number;
};

/**
 * What the fault cost: 0 where nobody at the far end could tell that there was one. Beyond the longest
 * of an unhurt time, because two pictures that come as a pair are no fault's.
 */
export const extraMs = ({ usualMs, longestMs }: Gap): number => longestMs - usualMs;

/**
 * @param cameMs when each picture came, oldest first
 * @param windowMs what is looked at, before and after the fault
 */
export function gapAround(cameMs: readonly number[], struckMs: number, windowMs: number): Gap {
  const endMs = struckMs + windowMs;
  const steps = cameMs.slice(1).map((atMs, n) => ({ atMs, ms: atMs - cameMs[n]! }));
  const before = steps.filter(({ atMs }) => atMs > struckMs - windowMs && atMs <= struckMs);
  if (before.length === 0) throw new Error("no pictures came before the fault");
  const sorted = before.map(({ ms }) => ms).sort((a, b) => a - b);
  const after = steps.filter(({ atMs }) => atMs > struckMs && atMs <= endMs);
  // Nothing that came says how long nothing came at the end.
  const lastMs = cameMs.findLast((atMs) => atMs <= endMs)!;
  return {
    naturalMs: sorted[Math.floor((sorted.length - 1) / 2)]!,
    usualMs: sorted.at(-1)!,
    longestMs: Math.max(endMs - lastMs, ...after.map(({ ms }) => ms)),
  };
}
