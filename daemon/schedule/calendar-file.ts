import { readFileSync, statSync } from "node:fs";
import type { OnAirWindow } from "../../machines/stream/schedule.ts";
import { type Calendar, parseCalendar } from "./calendar.ts";
import type { Span } from "./windows.ts";

/** Larger files are no calendar of one programme, and would hold up the decider. */
const mostBytes = 512 * 1024;

export type CalendarFile = {
  /** Read again if it has changed; true when there is something new. */
  look(): boolean;
  /** As last understood; undefined when it never was. */
  windows(span: Span): OnAirWindow[] | undefined;
  /** Why it cannot be read now. */
  readonly problem: string | undefined;
};

/** A file that cannot be read, or not be understood, leaves what was read before. */
export function watchCalendar({ file, zone }: { file: string; zone: string }): CalendarFile {
  let mark = "";
  let calendar: Calendar | undefined;
  let problem: string | undefined;
  return {
    look() {
      try {
        const { mtimeMs, size, ino } = statSync(file);
        const now = `${mtimeMs}/${size}/${ino}`;
        if (now === mark) return false;
        mark = now;
        if (size > mostBytes) throw new Error(`it is larger than ${mostBytes / 1_024} KiB`);
        calendar = parseCalendar(readFileSync(file, "utf8"), zone);
        problem = undefined;
        return true;
      } catch (cause) {
        const before = problem;
        problem = `the calendar ${file} cannot be read: ${(cause as Error).message}`;
        return problem !== before;
      }
    },
    windows: (span) => calendar?.windows(span),
    get problem() {
      return problem;
    },
  };
}
