import { expect, test } from "vitest";
import { parseCalendar } from "../../../daemon/schedule/calendar.ts";
import { windowsOf } from "../../../daemon/schedule/windows.ts";
import { slow } from "../../setup/slow.ts";

const day = 86_400_000;
const utc = (text: string) => Date.parse(`${text}Z`);
const span = (from: string, days: number) => ({
  fromMs: utc(from),
  toMs: utc(from) + days * day,
  most: 50,
});
const shown = (windows: { startMs: number; endMs: number }[]) =>
  windows.map(
    ({ startMs, endMs }) =>
      `${new Date(startMs).toISOString().slice(0, 16)} ${(endMs - startMs) / 3_600_000} h`,
  );
const rule = { id: "r", zone: "Europe/Vienna", durationMs: 7_200_000 };

test("ten o'clock in Vienna stays ten o'clock over both clock changes", () => {
  const sundays = { ...rule, start: "2026-03-15T10:00", rrule: "FREQ=WEEKLY;BYDAY=SU" };
  expect(shown(windowsOf(sundays, span("2026-03-20T00:00", 20)))).toEqual([
    "2026-03-22T09:00 2 h",
    "2026-03-29T08:00 2 h",
    "2026-04-05T08:00 2 h",
  ]);
  expect(shown(windowsOf(sundays, span("2026-10-17T00:00", 20)))).toEqual([
    "2026-10-18T08:00 2 h",
    "2026-10-25T09:00 2 h",
    "2026-11-01T09:00 2 h",
  ]);
});

test("a start that the spring change skips is an hour later by the wall, one that comes twice is its first", () => {
  const nights = { ...rule, start: "2026-01-01T02:30", rrule: "FREQ=DAILY" };
  expect(shown(windowsOf(nights, span("2026-03-28T12:00", 1)))).toEqual(["2026-03-29T01:30 2 h"]);
  expect(shown(windowsOf(nights, span("2026-10-24T12:00", 1)))).toEqual(["2026-10-25T00:30 2 h"]);
});

test("a length is elapsed time, also in the night of a change", () => {
  const night = { ...rule, start: "2026-10-24T22:00", durationMs: 6 * 3_600_000 };
  const [window] = windowsOf(night, span("2026-10-24T00:00", 3));
  expect(shown([window!])).toEqual(["2026-10-24T20:00 6 h"]);
});

slow("a rule that cannot be read is named", () => {
  const at = { ...rule, start: "2026-01-01T10:00" };
  const now = span("2026-01-01T00:00", 1);
  expect(() => windowsOf({ ...at, zone: "Europe/Wien" }, now)).toThrow("no time zone Europe/Wien");
  expect(() => windowsOf({ ...at, rrule: "every sunday" }, now)).toThrow();
  expect(() => windowsOf({ ...at, rrule: "FREQ=SECONDLY" }, span("2027-01-01T00:00", 1))).toThrow(
    "recurs too often",
  );
});

const calendar = (...lines: string[]) =>
  ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", ...lines, "END:VCALENDAR", ""].join("\r\n");
const service = [
  "BEGIN:VEVENT",
  "UID:service@example.org",
  "SUMMARY:Sunday service",
  "DTSTART;TZID=Europe/Vienna:20260301T100000",
  "DTEND;TZID=Europe/Vienna:20260301T113000",
  "RRULE:FREQ=WEEKLY;BYDAY=SU;UNTIL=20260405T075959Z",
  "EXDATE;TZID=Europe/Vienna:20260308T100000",
  "END:VEVENT",
];

test("a calendar without zone definitions is read by the zones this host knows", () => {
  const windows = parseCalendar(calendar(...service), "UTC").windows(span("2026-03-01T00:00", 60));
  expect(shown(windows)).toEqual([
    "2026-03-01T09:00 1.5 h",
    "2026-03-15T09:00 1.5 h",
    "2026-03-22T09:00 1.5 h",
    "2026-03-29T08:00 1.5 h",
  ]);
  expect(windows[0]).toMatchObject({ name: "Sunday service" });
});

test("a moved occurrence is where it was moved to, a cancelled or free one is none", () => {
  const moved = [
    "BEGIN:VEVENT",
    "UID:service@example.org",
    "RECURRENCE-ID;TZID=Europe/Vienna:20260315T100000",
    "SUMMARY:Moved to Monday",
    "DTSTART;TZID=Europe/Vienna:20260316T180000",
    "DTEND;TZID=Europe/Vienna:20260316T190000",
    "END:VEVENT",
    "BEGIN:VEVENT",
    "UID:service@example.org",
    "RECURRENCE-ID;TZID=Europe/Vienna:20260322T100000",
    "STATUS:CANCELLED",
    "DTSTART;TZID=Europe/Vienna:20260322T100000",
    "DTEND;TZID=Europe/Vienna:20260322T113000",
    "END:VEVENT",
    "BEGIN:VEVENT",
    "UID:free@example.org",
    "TRANSP:TRANSPARENT",
    "DTSTART:20260311T100000Z",
    "DTEND:20260311T110000Z",
    "END:VEVENT",
  ];
  const text = calendar(...service, ...moved);
  const windows = parseCalendar(text, "UTC").windows(span("2026-03-09T00:00", 30));
  expect(shown(windows).sort()).toEqual(["2026-03-16T17:00 1 h", "2026-03-29T08:00 1.5 h"]);
});

test("a zone of its own that the calendar brings along is used", () => {
  const zone = [
    "BEGIN:VTIMEZONE",
    "TZID:W. Europe Standard Time",
    "BEGIN:STANDARD",
    "DTSTART:16010101T030000",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
    "END:STANDARD",
    "BEGIN:DAYLIGHT",
    "DTSTART:16010101T020000",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200",
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
    "END:DAYLIGHT",
    "END:VTIMEZONE",
  ];
  const meeting = [
    "BEGIN:VEVENT",
    "UID:1",
    "DTSTART;TZID=W. Europe Standard Time:20260701T100000",
    "DURATION:PT45M",
    "END:VEVENT",
  ];
  const windows = parseCalendar(calendar(...zone, ...meeting), "UTC").windows(
    span("2026-07-01T00:00", 2),
  );
  expect(shown(windows)).toEqual(["2026-07-01T08:00 0.75 h"]);
});

test("a whole day, and a time that names no zone, are in the zone of the stream", () => {
  const fair = ["BEGIN:VEVENT", "UID:2", "DTSTART;VALUE=DATE:20260701", "END:VEVENT"];
  const talk = ["BEGIN:VEVENT", "UID:3", "DTSTART:20260703T100000", "DURATION:PT1H", "END:VEVENT"];
  const text = calendar(...fair, ...talk);
  const windows = parseCalendar(text, "Europe/Vienna").windows(span("2026-06-29T00:00", 9));
  expect(shown(windows)).toEqual(["2026-06-30T22:00 24 h", "2026-07-03T08:00 1 h"]);
});

test("what is no calendar is refused", () => {
  expect(() => parseCalendar("<html>login</html>", "UTC")).toThrow();
  expect(() => parseCalendar("BEGIN:VCARD\r\nEND:VCARD\r\n", "UTC")).toThrow("no calendar");
});
