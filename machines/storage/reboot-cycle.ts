/**
 * A box that reboots again and again because of a card: seen with HELOs, where only taking the
 * card out of use ends it.
 */
import { elapsedMs, type Stamp } from "../time.ts";
import type { MediumWord } from "./storage.contract.ts";
import type { MediumReading } from "./medium.ts";

export const cycleWindowMs = 600_000;
export const rebootsOfACycle = 3;

/**
 * Why a medium is under suspicion, as people say it; undefined = it is not.
 * @param wasPresent it was there at some time: a slot that never had a card reboots nobody
 */
export function suspicionOf(
  { condition, isTooSlow }: MediumReading,
  wasPresent: boolean,
): string | undefined {
  if (condition === "damaged" || condition === "failing") return condition;
  if (condition === "missing") return wasPresent ? condition : undefined;
  return isTooSlow === true ? "too slow" : undefined;
}

/** The media of one box as they were last known, in the order in which it names them. */
export type CycleMedium = {
  id: string;
  word: MediumWord;
  /** When it was last seen as it should not be, and how. */
  suspect?: { at: Stamp; why: string };
};
export type RebootCycle = {
  reboots: number;
  /** The slot to release. */
  slot: string;
  why: string;
  /** Where to record instead; null = there is none that could take it. */
  otherPath: string | null;
};

/** Where recordings may go on, the best first. */
const mayRecord: readonly MediumWord[] = ["healthy", "filling", "nearlyFull"];

/** Three reboots within 10 min, and a medium that was seen to be suspect in the same time. */
export function rebootCycle(
  reboots: readonly Stamp[],
  media: readonly CycleMedium[],
  now: Stamp,
): RebootCycle | undefined {
  const lately = reboots.filter((at) => elapsedMs(at, now) < cycleWindowMs);
  if (lately.length < rebootsOfACycle) return undefined;
  const isSuspect = ({ suspect }: CycleMedium) =>
    suspect !== undefined && elapsedMs(suspect.at, now) < cycleWindowMs;
  const slot = media.find(isSuspect);
  if (slot?.suspect === undefined) return undefined;
  const others = media.filter((medium) => medium !== slot && !isSuspect(medium));
  const other = mayRecord.flatMap((word) => others.filter((m) => m.word === word))[0];
  return {
    reboots: lately.length,
    slot: slot.id,
    why: slot.suspect.why,
    otherPath: other?.id ?? null,
  };
}
