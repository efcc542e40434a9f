/** Splices in a playlist: EXT-X-DATERANGE with SCTE35-OUT and SCTE35-IN, RFC 8216bis (4.4.5.1). */
import { z } from "zod";
import { spliceIn } from "../../machines/stream/scte35.ts";
import { ticksPerMs } from "../relay/frame.ts";

export const DateRange = z.object({
  eventId: z.number(),
  /** Wall time of the picture at which it begins, ms. */
  atMs: z.number(),
  /** How long it is to be, s; absent: not told. */
  plannedS: z.number().optional(),
  /** The section that told it, hexadecimal. */
  out: z.string(),
  /** Its end, where that was told by itself. */
  end: z.object({ atMs: z.number(), in: z.string() }).optional(),
});
export type DateRange = z.infer<typeof DateRange>;

/** Told once more with a time so near, it is the same, ms. */
const sameWithinMs = 1_000;
/** One of which the end never came. */
const mostMs = 24 * 3_600_000;

/** @param startMs wall time of the picture that it is meant for @returns the same where it is no news */
export function withSplice(
  ranges: readonly DateRange[],
  section: Buffer,
  startMs: number,
): readonly DateRange[] {
  const { eventId, direction, cancelled, durationTicks } = spliceIn(section);
  if (eventId === null) return ranges;
  const open = ranges.findLast((one) => one.eventId === eventId && one.end === undefined);
  if (cancelled) return open ? ranges.filter((one) => one !== open) : ranges;
  const told = section.toString("hex").toUpperCase();
  if (direction === "in" && open && startMs > open.atMs) {
    const ended = { ...open, end: { atMs: startMs, in: told } };
    return ranges.map((one) => (one === open ? ended : one));
  }
  const isNew = !open || Math.abs(open.atMs - startMs) > sameWithinMs;
  if (direction !== "out" || !isNew) return ranges;
  const plannedS = durationTicks === null ? {} : { plannedS: durationTicks / ticksPerMs / 1_000 };
  return [...ranges, { eventId, atMs: Math.round(startMs), ...plannedS, out: told }];
}

/** Without those that were over before this moment. */
export const rangesSince = (ranges: readonly DateRange[], fromMs: number): DateRange[] =>
  ranges.filter(({ atMs, plannedS, end }) => {
    const lastsMs = plannedS === undefined ? mostMs : plannedS * 1_000;
    return (end?.atMs ?? atMs + lastsMs) >= fromMs;
  });

export const rangeLines = (ranges: readonly DateRange[]): string[] =>
  ranges.flatMap(({ eventId, atMs, plannedS, out, end }) => {
    // Some readers refuse the second one without its beginning.
    const date = new Date(atMs).toISOString();
    const begin = `#EXT-X-DATERANGE:ID="splice-${eventId}-${atMs}",START-DATE="${date}"`;
    const planned = plannedS === undefined ? "" : `,PLANNED-DURATION=${plannedS.toFixed(3)}`;
    const lastsS = ((end?.atMs ?? atMs) - atMs) / 1_000;
    return [
      `${begin}${planned},SCTE35-OUT=0x${out}`,
      ...(end ? [`${begin},DURATION=${lastsS.toFixed(3)},SCTE35-IN=0x${end.in}`] : []),
    ];
  });
