/** What one reading of a medium means. */
import type { MediumReading } from "./medium.ts";
import type { MediumWord } from "./storage.contract.ts";
import { freeRatioOf, type Level, levelOf, levelsFor, type StorageLevels } from "./space.ts";

/** What a reading may say; that a medium is retired is somebody's decision, or time's. */
export type ReadWord = Exclude<MediumWord, "retired">;

/** What is remembered of a medium from one reading to the next. */
export type MediumMemory = {
  /** The last level that was read; kept while nothing can be read. */
  level: Level | null;
  /** Its free space was told at least once. */
  hasToldSpace: boolean;
  levels: StorageLevels;
};

/**
 * A medium that cannot take anything is named by that; else it is as full as it is. Without a
 * figure nothing is called full: one that never tells its space is healthy when it says so, and
 * one that used to tell is unknown.
 */
export function wordOf(
  reading: MediumReading,
  { level, hasToldSpace, levels }: MediumMemory,
  maxAgeMs: number,
): ReadWord {
  if ((reading.ageMs ?? 0) >= maxAgeMs) return "unknown";
  switch (reading.condition) {
    case "missing":
      return "missing";
    case "damaged":
    case "failing":
    case "notSuitable":
      return "failing";
    case "loading":
      return "unknown";
    case "ok":
    case "degraded":
      if (reading.isWriteProtected === true) return "readOnly";
  }
  const ratio = freeRatioOf(reading);
  if (ratio !== undefined) return levelOf(ratio, level, levelsFor(levels, reading.isNetwork));
  return hasToldSpace ? "unknown" : "healthy";
}

/** The level in a word, if it is one. */
export function levelIn(word: MediumWord): Level | null {
  return word === "healthy" || word === "filling" || word === "nearlyFull" || word === "full"
    ? word
    : null;
}

/** Worst first: what the owner of several media is called by. */
const worstFirst: readonly MediumWord[] = [
  "failing",
  "missing",
  "full",
  "readOnly",
  "nearlyFull",
  "unknown",
  "filling",
  "healthy",
  "retired",
];
export function worstOf(words: readonly MediumWord[]): MediumWord {
  return worstFirst.find((word) => words.includes(word)) ?? "unknown";
}
