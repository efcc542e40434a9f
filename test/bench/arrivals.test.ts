import { describe, expect, test } from "vitest";
import { type Arrival, seenIn } from "./arrivals.ts";

const window = { fromMs: 1_000, windowMs: 4_000, framesPerSecond: 50 };
/** Five seconds of pictures of 1,000 bytes, of which the far end sees the fourth to the last. */
const pictures = (arrivesMs: (timeMs: number) => number): Arrival[] =>
  Array.from({ length: 250 }, (_, at) => at * 20).map((timeMs) => ({
    ...{ timeMs, bytes: 1_000, atMs: arrivesMs(timeMs) },
  }));
const inTime = pictures((timeMs) => 940 + timeMs);

describe("of what came in a window of four seconds", () => {
  test("nothing is missing where all came in time, however unevenly", () => {
    const all = { arrived: 200, expected: 200, speed: 1, bitrateBps: 400_000 };
    expect(seenIn(inTime, window)).toEqual(all);
    const uneven = pictures((timeMs) => 940 + Math.ceil(timeMs / 100) * 100);
    const { speed } = seenIn(uneven, window);
    expect(seenIn(uneven, window)).toEqual({ ...all, speed });
    expect(Math.abs(speed - 1)).toBeLessThan(0.03);
  });

  test("a picture that was left out is missing", () => {
    const fewer = inTime.filter((_, at) => at !== 100);
    expect(seenIn(fewer, window)).toMatchObject({ arrived: 199, expected: 200 });
  });

  test("who falls behind has fewer pictures, at his speed", () => {
    const slow = pictures((timeMs) => 940 + timeMs / 0.8).filter(({ atMs }) => atMs < 5_250);
    const { arrived, speed } = seenIn(slow, window);
    expect(arrived).toBe(170);
    expect(speed).toBeCloseTo(0.8);
  });

  test("nothing at all is nothing", () => {
    expect(seenIn(inTime, { ...window, fromMs: 9_000 })).toMatchObject({ arrived: 0, speed: 0 });
  });
});
