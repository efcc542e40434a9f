/** How long pictures take from one place of a host to another, by the times that they carry. */
import { z } from "zod";

/** Of pictures that passed a place: how their times stand to the clock of the host. */
export const MediaClock = z.object({
  /** By how much CLOCK_MONOTONIC was ahead of their PTS, ms, as a mean. */
  aheadMs: z.number(),
  /** Since when it has been so, and when the last of them passed, CLOCK_MONOTONIC, ms. */
  fromMs: z.number(),
  untilMs: z.number(),
});
export type MediaClock = z.infer<typeof MediaClock>;

/** A PTS has 33 bits at 90 kHz. */
const turnMs = 2 ** 33 / 90;
const countsMs = 15_000;
/** Both are means, over different pictures. */
const roughMs = 50;
/** Longer than anything is held; what is further apart is not of the same clock. */
const mostMs = 60_000;

/**
 * What the pictures need between two places that leave their times as they are.
 *
 * @param from,to undefined or null: not known
 * @returns ms; undefined where that cannot be told: one of them is too old, their times are not of
 * the same clock, or that clock jumped since the pictures passed
 */
export function delayMs(
  from: MediaClock | null | undefined,
  to: MediaClock | null | undefined,
  nowMs: number,
): number | undefined {
  if (!from || !to || nowMs - Math.min(from.untilMs, to.untilMs) > countsMs) return undefined;
  const apartMs = to.aheadMs - from.aheadMs;
  const ms = apartMs - turnMs * Math.round(apartMs / turnMs);
  if (ms < -roughMs || ms > mostMs) return undefined;
  // When the first of them passed the other place.
  return to.fromMs - ms < from.fromMs ? undefined : Math.max(0, ms);
}
