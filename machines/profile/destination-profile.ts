/** What a kind of destination takes. Each limit says where it is written down. */

export const protocols = ["rtmp", "rtmps", "srt", "hls"] as const;
export type Protocol = (typeof protocols)[number];

/** `isRefused`: beyond it the destination may refuse or end the stream; else it is only worse. */
type Limit<T> = { is: T; isRefused: boolean; source: string };

/** For pictures whose shorter side is at most `shortSidePx`, at no more than `framesPerSecond`. */
export type Rung = {
  shortSidePx: number;
  framesPerSecond: number;
  /** Absent: the destination names no lower end. */
  leastBps?: number;
  bestBps: number;
  mostBps: number;
};

/** null: the destination sets no such limit, or none that is written down. */
export type DestinationProfile = {
  id: string;
  name: string;
  protocols: Limit<readonly Protocol[]>;
  /** The sides as a landscape picture has them; a portrait one is measured the same way. */
  picture: Limit<{ longSidePx: number; shortSidePx: number }> | null;
  mostFramesPerSecond: Limit<number> | null;
  mostVideoBps: Limit<number> | null;
  /** What is recommended for each size, smallest first, of H.264. */
  ladder: { rungs: readonly Rung[]; source: string } | null;
  audio: { bestBps: number; most: Limit<number> } | null;
  keyframes: { bestS: number; most: Limit<number> | null; source: string };
  /** `looks`: how such a key is written, for people. Keys themselves never appear in a finding. */
  key: { pattern: RegExp; looks: string; isRefused: boolean; source: string };
};
