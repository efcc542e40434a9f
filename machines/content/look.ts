import { isBlack, isStill, type Luma } from "./picture.ts";

/**
 * What one look at a programme showed. `picture`: null = no picture came. `pairsDbfs`: level of
 * each channel pair, the louder channel's RMS, dBFS; null = no sound came, or it has no sound.
 * A look that failed is `unreadable`: that is neither fine nor a fault.
 */
export type ContentLook =
  | {
      word: "seen";
      picture: "black" | "still" | "moving" | null;
      pairsDbfs: number[] | null;
      loudness?: Loudness;
    }
  | { word: "unreadable"; detail: string };

/** By EBU R128, of all channels of the first audio track: of the last 3 s, and since it is watched. */
export type Loudness = { shortTermLufs: number; integratedLufs: number };

/** Black is still, too: black is said first. Without a picture before, nothing can be still. */
export function pictureWord(now: Luma, before: Luma | undefined): "black" | "still" | "moving" {
  if (isBlack(now)) return "black";
  return before !== undefined && isStill(before, now) ? "still" : "moving";
}

/** What can be wrong with a picture or a sound that arrives. `lost`: the box has no input. */
export const contentFaults = ["lost", "black", "frozen", "silent"] as const;
export type ContentFault = (typeof contentFaults)[number];

/** What is told and never a reason to take over. */
export type InformingFault = "loudness";

/** What is done about each fault, and how long it must last before. */
export type ContentPolicy = Record<
  ContentFault,
  { does: "off" | "observe" | "act"; afterMs: number }
> & {
  /** Below this a channel pair is silent, dBFS. */
  silenceBelowDbfs: number;
  /** Which channel pairs must carry sound, from 1. */
  pairs: readonly number[];
  /** Outside of which band, LUFS. */
  loudness?: { does: "off" | "observe"; afterMs: number; leastLufs: number; mostLufs: number };
};

/** Whether this look shows that fault; null = it cannot be told. */
export function shows(
  look: ContentLook,
  fault: Exclude<ContentFault, "lost"> | InformingFault,
  policy: ContentPolicy,
): boolean | null {
  const { silenceBelowDbfs, pairs, loudness } = policy;
  if (look.word !== "seen") return null;
  if (fault === "loudness") {
    const lufs = look.loudness?.shortTermLufs;
    // No sound at all is a fault of its own.
    if (lufs === undefined || !loudness || shows(look, "silent", policy) !== false) return null;
    return lufs < loudness.leastLufs || lufs > loudness.mostLufs;
  }
  if (fault === "silent") {
    const levels = look.pairsDbfs;
    // A pair that is not there cannot carry what must be on it.
    return levels && pairs.some((pair) => (levels[pair - 1] ?? -Infinity) < silenceBelowDbfs);
  }
  if (look.picture === null) return null;
  return look.picture === (fault === "black" ? "black" : "still");
}
