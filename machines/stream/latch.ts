/**
 * No flapping. Who was switched to and fro as often as the budget of an hour allows stays where the
 * programme is, and an automatic return that did not hold is not tried again. Both are about a
 * carrier that is on air: what is off air is always taken over.
 */
import { rebased, type Stamp } from "../time.ts";

export type Latch = {
  /** No more moves away from a carrier on air; how it is since when. */
  moves: { offProgramme: boolean; since: Stamp } | null;
  /** No more automatic return to the primary. */
  returns: boolean;
};

export const noLatch: Latch = { moves: null, returns: false };

/** Journals from before there was a latch have none. */
export function rebasedLatch(latch: Latch | undefined, now: Stamp): Latch {
  if (!latch?.moves) return latch ?? noLatch;
  return { ...latch, moves: { ...latch.moves, since: rebased(latch.moves.since, now) } };
}
