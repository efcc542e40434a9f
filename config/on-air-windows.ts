/** When a stream is expected on air, as it is written in `site.yaml`. */
import { z } from "zod";
import { WindowRule } from "../machines/stream/schedule.contract.ts";
import { absolutePath, displayName } from "./fields.ts";
import { duration, section } from "./units.ts";

const zone = z
  .string()
  .refine(isZone, { error: "must be a name of the IANA time zones, like Europe/Vienna" });

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false; // a RangeError says that there is none
  }
}

const window = section({
  name: displayName.exactOptional().describe("What people call the event"),
  start: WindowRule.shape.start.describe("The first begin, in the time of `zone`"),
  duration: duration({ atLeast: "1s", atMost: "31d" }).describe("How long it lasts"),
  rrule: WindowRule.shape.rrule
    .unwrap()
    .exactOptional()
    .describe("How it recurs (RFC 5545 RRULE); once when left out"),
});

export const events = section({
  zone: zone.describe(
    "Time zone of the windows, and of times in the calendar that name none; an IANA name",
  ),
  windows: z.array(window).max(200).prefault([]).describe("When it is expected on air"),
  calendar: absolutePath
    .exactOptional()
    .describe("iCalendar file whose events are windows, too; read again when it changes"),
  startAtBegin: z.boolean().prefault(false).describe("Put it on air when a window begins"),
  stopAtEnd: z.boolean().prefault(false).describe("Take it off air when a window ends"),
  missedAfter: duration({ atLeast: "5s", atMost: "30min" })
    .prefault("30s")
    .describe("Not on air this long after the begin calls a person"),
  lineUpBefore: duration({ atLeast: "0s", atMost: "24h" })
    .prefault("15min")
    .describe("The line-up check is made this long before the begin"),
  freezeBefore: duration({ atLeast: "0s", atMost: "7d" })
    .prefault("30min")
    .describe("From this long before the begin to the end nothing is changed that can wait"),
}).describe("When it is expected on air; always when left out");
