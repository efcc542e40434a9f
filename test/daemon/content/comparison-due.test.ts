import { expect, test } from "vitest";
import { isComparisonDue, type LastCompared } from "../../../daemon/content/comparison-due.ts";

const pair = { carrier: "a", with: "b", isOnAir: true, mayMoveSoon: false };
const soon = { ...pair, mayMoveSoon: true };
const hour = 3_600_000;
const at = (nowMs: number, mayMoveSoon = false): LastCompared => ({
  ...{ pair: "a b", atMs: nowMs, mayMoveSoon },
});

test("two are compared as often as site.yaml says, and at once when it is another two", () => {
  expect(isComparisonDue(pair, undefined, hour, 0)).toBe(true);
  expect(isComparisonDue(pair, at(0), hour, hour - 1)).toBe(false);
  expect(isComparisonDue(pair, at(0), hour, hour)).toBe(true);
  expect(isComparisonDue({ ...pair, with: "c" }, at(0), hour, 1)).toBe(true);
});

test("a carrier that may be left soon is compared at once, unless that was just done, and then each minute", () => {
  expect(isComparisonDue(soon, at(0), hour, 14_999)).toBe(false);
  expect(isComparisonDue(soon, at(0), hour, 15_000)).toBe(true);
  expect(isComparisonDue(soon, at(0, true), hour, 59_999)).toBe(false);
  expect(isComparisonDue(soon, at(0, true), hour, 60_000)).toBe(true);
  expect(isComparisonDue(soon, at(0, true), 30_000, 30_000)).toBe(true);
});

test("once it is well again it is compared as before", () => {
  expect(isComparisonDue(pair, at(0, true), hour, 120_000)).toBe(false);
});
