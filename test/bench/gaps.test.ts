import { expect, test } from "vitest";
import { extraMs, gapAround } from "./gaps.ts";

const evenly = (fromMs: number, count: number, stepMs = 40) =>
  Array.from({ length: count }, (_, n) => fromMs + n * stepMs);

test("where pictures come as before, a fault costs nothing", () => {
  const gap = gapAround(evenly(0, 100), 2_010, 1_000);
  expect(gap).toEqual({ naturalMs: 40, usualMs: 40, longestMs: 40 });
  expect(extraMs(gap)).toBe(0);
});

test("the longest pause after the fault counts, also one that began before it", () => {
  expect(gapAround([...evenly(0, 51), ...evenly(2_095, 50)], 2_010, 1_000).longestMs).toBe(95);
  const twice = [...evenly(0, 51), ...evenly(2_050, 5), ...evenly(2_310, 50)];
  expect(extraMs(gapAround(twice, 2_010, 1_000))).toBe(60);
});

test("what is outside the window is not the fault's", () => {
  const came = [...evenly(0, 10), ...evenly(900, 40), ...evenly(5_000, 40)];
  expect(gapAround(came, 1_500, 590)).toEqual({ naturalMs: 40, usualMs: 40, longestMs: 40 });
});

test("a picture that never came again has been missing until the end of the window", () => {
  expect(gapAround(evenly(0, 51), 2_010, 1_000).longestMs).toBe(1_010);
});

test("one slow picture before the fault does not make the natural pause longer, and is told", () => {
  const came = [...evenly(0, 20), ...evenly(960, 80)];
  expect(gapAround(came, 2_010, 1_500)).toEqual({ naturalMs: 40, usualMs: 200, longestMs: 40 });
});

test("where nothing came before the fault there is nothing to compare with", () => {
  expect(() => gapAround(evenly(3_000, 9), 2_010, 1_000)).toThrow(/no pictures/);
});
