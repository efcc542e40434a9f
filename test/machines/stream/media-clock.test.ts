import { expect, test } from "vitest";
import { delayMs, type MediaClock } from "../../../machines/stream/relay/media-clock.ts";

const turnMs = 2 ** 33 / 90;
const nowMs = 100_000;
/** Looked at since 50 s, of a programme whose times are 7 s behind the host's. */
const ingest: MediaClock = { aheadMs: 7_000, fromMs: 50_000, untilMs: 98_000 };
const later = (ms: number, more: Partial<MediaClock> = {}): MediaClock => ({
  ...{ aheadMs: ingest.aheadMs + ms, fromMs: 92_000, untilMs: 97_000 },
  ...more,
});

test("what pictures need from one place to another is by how much more their times are behind there", () => {
  expect(delayMs(ingest, later(1_432), nowMs)).toBe(1_432);
  // Two means of the same moment differ by a little.
  expect(delayMs(ingest, later(-20), nowMs)).toBe(0);
});

test("times that have gone round, once or more often, at either place are the same times", () => {
  for (const turns of [-2, -1, 1, 3]) {
    expect(delayMs(ingest, later(1_432 + turns * turnMs), nowMs)).toBeCloseTo(1_432, 3);
  }
});

test("where a place is not known, or was not looked at for 15 s, nothing is told", () => {
  expect(delayMs(null, later(300), nowMs)).toBeUndefined();
  expect(delayMs(ingest, undefined, nowMs)).toBeUndefined();
  expect(delayMs(ingest, later(300, { untilMs: 84_999 }), nowMs)).toBeUndefined();
  expect(delayMs({ ...ingest, untilMs: 84_999 }, later(300), nowMs)).toBeUndefined();
});

test("times that cannot be of the same clock tell nothing", () => {
  for (const ms of [-51, 60_001, turnMs / 2]) {
    expect(delayMs(ingest, later(ms), nowMs)).toBeUndefined();
  }
});

test("after a jump of the source's clock nothing is told of pictures that came by before it", () => {
  const jumped = { ...ingest, fromMs: 92_000 };
  // The first of them was there at 91.6 s.
  expect(delayMs(jumped, later(400), nowMs)).toBeUndefined();
  expect(delayMs(jumped, later(400, { fromMs: 92_400 }), nowMs)).toBe(400);
});
