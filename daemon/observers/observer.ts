import type { Figure } from "../../machines/published.ts";
import type { FarEndSight } from "../../machines/destination/sight.ts";

/**
 * Somebody who looks at the far end of one stream key. Adding a kind is one file here, its test,
 * and one line in `index.ts`. An observer tells what it saw and decides nothing.
 */
export interface FarEndObserver {
  /** Kind and place, for people. Never holds a stream key. */
  readonly name: string;
  /** What its "quiet" is worth: presence only, or absence too. */
  readonly provesAbsence: boolean;
  /** What one look may take, ms. */
  readonly lookLimitMs: number;
  /**
   * Look once. Never rejects and is never late: what could not be seen, also because `signal`
   * aborted, is `unseen` with the reason. Looks of one observer must not overlap.
   */
  observe(signal: AbortSignal): Promise<FarEndSight>;
  /**
   * How old the newest picture there was at the last look, ms, by what is stamped into the programme.
   * Undefined where nothing is stamped, or it was not seen. Left out: it cannot see that.
   */
  latencyMs?(): Figure | undefined;
  /**
   * Throw the publisher out and do not let it in again. True only when both were done and the far
   * end was then seen without a publisher. Never rejects.
   */
  kickAndBlock?(signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

/** What every observer gets. */
export type ObserverContext = {
  /** Asked at each look, because a key may be rotated. A secret: never in a name or a detail. */
  streamKey: () => string;
  /** Monotonic milliseconds. */
  now: () => number;
  /** The clock of this host, ms since 1970; left out: the real one. */
  wallMs?: () => number;
};

/** What one look of each kind may take, ms. */
export const lookLimitsMs = {
  "nginx-rtmp": 2_000,
  "node-media-server": 2_000,
  // A multivariant playlist, and then the media playlist.
  hls: 4_000,
  // Joining mid-GOP took up to 2.1 s at a 2 s GOP (measured), so five are patient enough.
  ffprobe: 5_000,
} as const;

export const unseen = (detail: string): FarEndSight => ({ word: "unseen", detail });
