import { expect, test } from "vitest";
import { deadlineIn, elapsedMs, leftMs, rebased, wallTimeOf } from "../../machines/time.ts";

const at = (monoMs: number, wallMs: number, bootId = "one") => ({ bootId, monoMs, wallMs });
const year = 365 * 86_400_000;

test("within one boot a wall clock that jumps by ten years changes nothing", () => {
  const deadline = deadlineIn(10_000, at(0, 0));
  expect(leftMs(deadline, at(4_000, 10 * year))).toBe(6_000);
  expect(leftMs(deadline, at(9_999, -10 * year))).toBe(1);
  expect(leftMs(deadline, at(10_000, 0))).toBe(0);
  expect(elapsedMs(at(0, 0), at(4_000, -10 * year))).toBe(4_000);
});

test("a deadline is told by the wall clock as it is set now, and stays while that is only corrected", () => {
  const deadline = deadlineIn(10_000, at(0, 50_000));
  expect(wallTimeOf(deadline, at(4_000, 54_900))).toBe(60_000);
  expect(wallTimeOf(deadline, at(4_000, year))).toBe(year + 6_000);
  expect(wallTimeOf(deadline, at(12_000, year))).toBe(year - 2_000);
  expect(wallTimeOf(deadline, at(1, year, "two"))).toBe(60_000);
});

test("across a boot the wall clock counts, and never adds more than the whole length", () => {
  const deadline = deadlineIn(10_000, at(0, 50_000));
  expect(leftMs(deadline, at(1, 53_000, "two"))).toBe(7_000);
  expect(leftMs(deadline, at(1, -10 * year, "two"))).toBe(10_000);
  expect(leftMs(deadline, at(1, 10 * year, "two"))).toBe(0);
  expect(elapsedMs(at(0, 50_000), at(1, 0, "two"))).toBe(0);
});

test("no deadline has no time left", () => expect(leftMs(undefined, at(0, 0))).toBe(0));

test("a moment of an earlier boot ages on in this one, also when the wall clock was set back", () => {
  const then = rebased(at(900, 50_000), at(100, 60_000, "two"));
  expect(elapsedMs(then, at(100, 0, "two"))).toBe(10_000);
  const fromTheFuture = rebased(at(900, 50_000), at(100, -10 * year, "two"));
  expect(elapsedMs(fromTheFuture, at(100, 0, "two"))).toBe(0);
  expect(elapsedMs(fromTheFuture, at(5_100, 0, "two"))).toBe(5_000);
});
