/** What a programme's recordings consist of after it was moved or restarted, and how it is joined. */
import { expect, test } from "vitest";
import { concatList, partsOf } from "../../../hub/cli/recording-parts.ts";

const at = (minute: number, second = 0) =>
  `2026-11-22T20:${String(minute).padStart(2, "0")}:${String(second).padStart(2, "0")}.000Z`;
const incident = (over: object = {}) => ({
  ...{
    openedAt: at(10),
    closedAt: at(10, 3),
    cause: "processExited",
    outcome: "tookOver" as const,
  },
  ...{ from: "helo-a", to: "helo-b", offAirMs: 3_000 },
  ...over,
});
const restart = incident({
  ...{ openedAt: at(30), closedAt: at(30, 8), cause: "network", outcome: "restarted" },
  ...{ from: "helo-b", to: "helo-b", offAirMs: 8_000 },
});
const card = {
  ...{ encoder: "helo-b", by: "helo-b", to: "usb", ms: 4_000, because: "sd is full" },
  coveredBy: null,
};
const cardFull = incident({
  ...{ openedAt: at(20), closedAt: at(20, 4), cause: "recording", outcome: "recovered" },
  ...{ from: "helo-b", to: "helo-b", offAirMs: null, recordingGaps: [card] },
});

test("field complaint 9: after a reconnect there is a second recording; all parts are told in order", () => {
  expect(partsOf([restart, incident(), cardFull])).toEqual([
    {
      ...{ part: 1, encoder: "helo-a", from: null, to: at(10), gaps: [] },
      ...{ missingAfterMs: 3_000, because: "processExited" },
    },
    {
      ...{ part: 2, encoder: "helo-b", from: at(10, 3), to: at(30) },
      ...{ missingAfterMs: 8_000, because: "network" },
      gaps: ["helo-b: 4.0 s missing (sd is full), helo-b records to usb"],
    },
    {
      ...{ part: 3, encoder: "helo-b", from: at(30, 8), to: null, gaps: [] },
      ...{ missingAfterMs: null, because: null },
    },
  ]);
});

test("a programme that nothing happened to is one part", () => {
  expect(partsOf([])).toMatchObject([{ part: 1, encoder: null, from: null, to: null }]);
});

test("parts are joined only when each has its file, and a quote in a name is no end of it", () => {
  const parts = partsOf([incident()]);
  expect(concatList(parts, ["/srv/a.mp4", "/srv/it's b.mp4"])).toBe(
    [
      "ffconcat version 1.0",
      "# part 1: helo-a, then 3.0 s are missing",
      "file '/srv/a.mp4'",
      "# part 2: helo-b",
      "file '/srv/it'\\''s b.mp4'",
      "",
    ].join("\n"),
  );
  expect(concatList(parts, ["/srv/a.mp4", "-"])).not.toContain("part 2");
  expect(() => concatList(parts, ["/srv/a.mp4"])).toThrow("there are 2 parts, and 1 files");
});
