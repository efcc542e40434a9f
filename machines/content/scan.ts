/** How pictures are made up: of one moment each, or of two, line by line. */
export const scans = ["progressive", "interlaced"] as const;
export type Scan = (typeof scans)[number];

/** As they are flagged, and as they look: combed, whatever the flags say. null: not known. */
export type ScanSeen = { told: Scan | null; seen: Scan | null };

/** What comes is combed: flagged so, or not even that. undefined: it is not, or nobody knows. */
export function combing({ told, seen }: ScanSeen): "flagged" | "unflagged" | undefined {
  if (seen !== "interlaced") return undefined;
  return told === "interlaced" ? "flagged" : "unflagged";
}
