import ICAL from "ical.js";
import type { OnAirWindow } from "../../machines/stream/schedule.ts";
import type { WindowRule } from "../../machines/stream/schedule.contract.ts";
import { zoneNamed } from "./zone.ts";

/** Windows that overlap this time, Unix ms, and not more of them than `most`. */
export type Span = { fromMs: number; toMs: number; most: number };

/** A rule that recurs each second would never get to today. */
const mostOccurrences = 20_000;

/** Throws with a sentence for people where the rule cannot be understood. */
export function windowsOf(rule: WindowRule, span: Span): OnAirWindow[] {
  const zone = zoneNamed(rule.zone);
  if (!zone) throw new Error(`there is no time zone ${rule.zone}`);
  const start = ICAL.Time.fromDateTimeString(
    rule.start.length === "2026-11-22T10:00".length ? `${rule.start}:00` : rule.start,
  );
  start.zone = zone;
  const starts =
    rule.rrule === undefined
      ? [start]
      : notOver(ICAL.Recur.fromString(rule.rrule).iterator(start), {
          fromMs: span.fromMs,
          lengthMs: rule.durationMs,
        });
  return within(span, starts, (at) => {
    const startMs = at.toUnixTime() * 1_000;
    return {
      id: `${rule.id}@${startMs}`,
      ...(rule.name !== undefined && { name: rule.name }),
      startMs,
      endMs: startMs + rule.durationMs,
    };
  });
}

type Iterator = { next: () => ICAL.Time | null | undefined };
const dayMs = 86_400_000;

/** Those that may still be under way at `fromMs`; what is long over costs no look at its zone. */
export function* notOver(
  iterator: Iterator,
  p: { fromMs: number; lengthMs: number },
): Iterable<ICAL.Time> {
  let seen = 0;
  for (let at = iterator.next(); at; at = iterator.next()) {
    if (++seen > mostOccurrences) throw new Error("it recurs too often");
    const roughlyMs = Date.UTC(at.year, at.month - 1, at.day, at.hour);
    if (roughlyMs + p.lengthMs + 2 * dayMs > p.fromMs) yield at;
  }
}

/** Starts in their order → the windows that count. */
export function within<T>(
  { fromMs, toMs, most }: Span,
  starts: Iterable<T>,
  windowAt: (start: T) => OnAirWindow,
): OnAirWindow[] {
  const windows: OnAirWindow[] = [];
  for (const start of starts) {
    const window = windowAt(start);
    if (window.startMs >= toMs || windows.length >= most) break;
    if (window.endMs > fromMs && window.endMs > window.startMs) windows.push(window);
  }
  return windows;
}
