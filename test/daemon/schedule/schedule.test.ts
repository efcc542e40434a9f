import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { nextWindows, openSchedules, ruleProblem } from "../../../daemon/schedule/schedule.ts";
import { noSchedule, type OnAirWindow } from "../../../machines/stream/schedule.ts";

const noon = Date.UTC(2026, 10, 20, 12);

function aSite(p: { calendar?: string; before?: OnAirWindow[]; planned?: boolean } = {}) {
  const told: (readonly OnAirWindow[] | null)[] = [];
  const zone = "Europe/Vienna";
  const rule = { id: "r", zone, start: "2026-11-22T10:00", durationMs: 3_600_000 };
  const { calendar: file } = p;
  const config = { rules: p.planned ? [rule] : [], ...(file && { calendar: { file, zone } }) };
  const schedules = openSchedules({
    streams: [{ id: "main", config: p.planned || file ? config : undefined, plan: undefined }],
    scheduleOf: () => ({ ...noSchedule, windows: p.before ?? null }),
    wallMs: () => noon,
    tell: (_stream, windows) => void told.push(windows),
    onWarnings: () => undefined,
  });
  onTestFinished(() => schedules.close());
  return { told, schedules };
}

test("a stream for which nothing is planned is always expected", () => {
  expect(aSite().told).toEqual([null]);
});

test("windows of the configuration are told at once", () => {
  const startMs = Date.UTC(2026, 10, 22, 9);
  expect(aSite({ planned: true }).told).toMatchObject([
    [{ startMs, endMs: startMs + 3_600_000, from: "configuration" }],
  ]);
});

test("a dry run of a window says when the next would be, over a change of the clocks", () => {
  const zone = "Europe/Vienna";
  const rule = { id: "r", zone, start: "2026-03-01T10:00", durationMs: 3_600_000 };
  const starts = (nowMs: number) =>
    nextWindows({ ...rule, rrule: "FREQ=WEEKLY;BYDAY=SU" }, nowMs, 2).map(({ startsAtMs }) =>
      new Date(startsAtMs).toISOString(),
    );
  const before = Date.UTC(2027, 2, 20);
  expect(starts(before)).toEqual(["2027-03-21T09:00:00.000Z", "2027-03-28T08:00:00.000Z"]);
  expect(nextWindows(rule, noon)).toEqual([]);
});

test("a calendar that cannot be read leaves what was known, and is a warning", () => {
  const before = [{ id: "w", startMs: noon, endMs: noon + 1 }];
  const { told, schedules } = aSite({ calendar: "/nowhere/main.ics", before });
  expect(told).toEqual([before]);
  expect(schedules.warnings()).toEqual([
    expect.stringContaining("the calendar /nowhere/main.ics cannot be read"),
  ]);
});

test("a login page in place of a calendar puts nothing on air", () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-calendar-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "main.ics");
  writeFileSync(file, "<html>please log in</html>");
  const { told, schedules } = aSite({ calendar: file });
  expect(told).toEqual([[]]);
  expect(schedules.warnings()).toHaveLength(1);
});

test("a window in a zone that does not exist is refused in words", () => {
  const rule = { id: "r", zone: "Europe/Wien", start: "2026-11-22T10:00", durationMs: 1_000 };
  expect(ruleProblem(rule, noon)).toBe("there is no time zone Europe/Wien");
});
