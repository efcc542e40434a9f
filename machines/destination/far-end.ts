import type { Stamp } from "../time.ts";

/** What the streams need to know of a far end. Plain JSON; ages are stamps. */
export type FarEndFacts = {
  destination: string;
  word: "unknown" | "publishing" | "quiet";
  /** Publishing only: whether media arrives. "unknown" until two looks can be compared. */
  media: "moving" | "stalled" | "unknown";
  by: string | null;
  source: string | null;
  /** Its "quiet" is worth something as proof. */
  provesAbsence: boolean;
  /** First and last look that found nobody publishing, without a gap in looking. */
  quietSince: Stamp | null;
  quietUntil: Stamp | null;
  /** When media was last seen to arrive; null = never. */
  movedAt: Stamp | null;
};

export function unknownFarEnd(destination: string): FarEndFacts {
  return {
    destination,
    word: "unknown",
    media: "unknown",
    by: null,
    source: null,
    provesAbsence: false,
    quietSince: null,
    quietUntil: null,
    movedAt: null,
  };
}
