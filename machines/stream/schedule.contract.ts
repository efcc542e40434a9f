import { z } from "zod";
import { Id, word } from "../id.ts";

/** A moment as people write it in a zone: `2026-11-22T10:00`, seconds may follow. */
const localTime =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/;

const numbers = "-?\\d{1,3}(,-?\\d{1,3})*";
const weekday = "[+-]?\\d{0,2}(MO|TU|WE|TH|FR|SA|SU)";
/** RFC 5545, 3.3.10, daily or slower. */
const recurrence = new RegExp(
  `^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;(INTERVAL=[1-9]\\d{0,2}|COUNT=[1-9]\\d{0,3}|UNTIL=\\d{8}(T\\d{6}Z?)?|BYDAY=${weekday}(,${weekday})*|BY(MONTH|MONTHDAY|YEARDAY|WEEKNO|SETPOS|HOUR|MINUTE)=${numbers}|WKST=(MO|TU|WE|TH|FR|SA|SU)))*$`,
);

/**
 * On-air windows by rule: the first one, in the wall time of `zone`, and how it recurs. A start
 * that a clock change skips is taken with the offset before the change, one that comes twice is
 * its first (RFC 5545). A length is elapsed time: two hours are two hours in that night, too.
 */
export const WindowRule = z
  .object({
    id: Id,
    name: z.string().min(1).max(120).optional(),
    start: z.string().regex(localTime, "must be a local time like 2026-11-22T10:00"),
    /** IANA name, for example Europe/Vienna. */
    zone: z.string().min(1).max(64),
    durationMs: z
      .number()
      .int()
      .min(1_000)
      .max(31 * 86_400_000),
    /** RFC 5545, for example FREQ=WEEKLY;BYDAY=SU; absent = once. */
    rrule: z
      .string()
      .max(500)
      .regex(recurrence, "must be an RFC 5545 rule like FREQ=WEEKLY;BYDAY=SU, daily or slower")
      .optional(),
  })
  .meta({ id: "WindowRule" });
export type WindowRule = z.infer<typeof WindowRule>;

export const PublishedWindow = z
  .object({
    name: z.string().optional(),
    startsAtMs: z.number(),
    endsAtMs: z.number(),
    /** Who planned it; `command`: it is one of `rules`. Absent: the site is older than that. */
    from: word(["configuration", "calendar", "command"]).optional(),
  })
  .meta({ id: "OnAirWindow" });

/** Whether a stream is expected on air, and what is planned for it. */
export const StreamSchedule = z
  .object({
    /** `always`: no windows. `frozen`: changes are frozen before a window; then the line-up. */
    phase: word(["always", "off", "frozen", "lineUp", "on"]),
    /** The window under way, or the next one. */
    window: PublishedWindow.nullable(),
    /** Those that come after it. */
    next: z.array(PublishedWindow),
    /** The window has begun and the programme is not there. */
    startMissed: z.boolean(),
    /** Windows asked for by command. */
    rules: z.array(WindowRule),
  })
  .meta({ id: "StreamSchedule" });
export type StreamSchedule = z.infer<typeof StreamSchedule>;
