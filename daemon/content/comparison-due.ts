import type { ComparedPair } from "../../machines/stream/stream.published.ts";

/** When two were compared last, and whether the carrier was to be left soon even then. */
export type LastCompared = { pair: string; atMs: number; mayMoveSoon: boolean };

/** While the carrier may be left soon, whatever the file says: the last word must not be old. */
const soonEveryMs = 60_000;
/** What is not older need not be asked again when that begins. */
const freshMs = 15_000;

export const nameOf = (pair: ComparedPair): string => `${pair.carrier} ${pair.with}`;

export function isComparisonDue(
  pair: ComparedPair,
  last: LastCompared | undefined,
  everyMs: number,
  nowMs: number,
): boolean {
  if (last?.pair !== nameOf(pair)) return true;
  const agoMs = nowMs - last.atMs;
  if (!pair.mayMoveSoon) return agoMs >= everyMs;
  return agoMs >= (last.mayMoveSoon ? Math.min(everyMs, soonEveryMs) : freshMs);
}
