import { expect, test } from "vitest";
import {
  barrenTries,
  choose,
  isRefusedNow,
  type Try,
  waitMs,
} from "../../../machines/stream/candidates.ts";

const s = 1_000;
const at = (ms: number) => ({ bootId: "boot", monoMs: ms, wallMs: ms });
/** Starts of `a` at these seconds that never brought a picture. */
const barren = (...seconds: number[]): Try[] =>
  seconds.map((t) => ({ encoder: "a", at: at(t * s), brought: false }));
const brought = (...seconds: number[]): Try[] =>
  barren(...seconds).map((t) => ({ ...t, brought: true }));

test("after one barren start an encoder rests for 60 s, not 59.9 s", () => {
  expect(waitMs("a", barren(0), at(59.9 * s))).toBe(100);
  expect(waitMs("a", barren(0), at(60 * s))).toBe(0);
});

test("each further barren start doubles the rest", () => {
  expect(waitMs("a", barren(0, 60), at(60 * s))).toBe(120 * s);
  expect(waitMs("a", barren(0, 60, 180), at(180 * s))).toBe(240 * s);
});

test("no rest is longer than 15 min", () => {
  expect(waitMs("a", barren(0, 1, 2, 3, 4, 5, 6), at(6 * s))).toBe(15 * 60 * s);
});

test("a start that is 10 min ago does not count any more", () => {
  const tries = barren(0, 0, 0, 0, 0);
  expect(waitMs("a", tries, at(599.9 * s))).toBeGreaterThan(0);
  expect(waitMs("a", tries, at(600 * s))).toBe(0);
});

test("a picture that was brought and lost may be tried again at once, five times in half a minute, then each minute", () => {
  expect(waitMs("a", brought(0, 5, 10, 15), at(20 * s))).toBe(0);
  expect(waitMs("a", brought(0, 5, 10, 15, 20), at(20 * s))).toBe(60 * s);
  expect(waitMs("a", brought(0, 10, 20, 30, 40), at(40 * s))).toBe(0);
  expect(waitMs("a", brought(0, 5, 10, 15, 20, 80), at(80 * s))).toBe(0);
});

test("a start that the far end refused rests like another, and is no fault of its encoder", () => {
  const tries = barren(0, 60).map((t): Try => ({ ...t, refusal: "refused" }));
  expect(waitMs("a", tries, at(60 * s))).toBe(120 * s);
  expect(barrenTries("a", tries, at(60 * s))).toBe(0);
  expect(barrenTries("a", [...tries, ...barren(61)], at(61 * s))).toBe(1);
  expect([isRefusedNow(tries, at(659 * s)), isRefusedNow(tries, at(660 * s))]).toEqual([
    true,
    false,
  ]);
  expect(isRefusedNow([...tries, ...barren(61)], at(61 * s))).toBe(false);
});

test("the failures of one encoder are not held against another", () => {
  expect(waitMs("b", barren(0), at(0))).toBe(0);
});

const ref = (encoder: string) => ({ encoder, output: "stream-1" });
const [a, b] = [ref("a"), ref("b")];
const ask = (p: Partial<Parameters<typeof choose>[0]>) =>
  choose({
    encoders: [a, b],
    failed: null,
    tries: [],
    hindered: () => false,
    rank: () => 0,
    now: at(0),
    ...p,
  });

test("the order of the configuration decides; the one that just failed comes last", () => {
  expect(ask({})).toEqual({ ref: a });
  expect(ask({ failed: a })).toEqual({ ref: b });
  expect(ask({ failed: a, hindered: (r) => r === b })).toEqual({ ref: a });
});

test("a good input and a cool box go before the order of the configuration", () => {
  expect(ask({ rank: (r) => (r === a ? 1 : 0) })).toEqual({ ref: b });
});

test("one that need not rest goes first; when all rest, the shortest rest is told", () => {
  expect(ask({ tries: barren(0) })).toEqual({ ref: b });
  expect(ask({ tries: barren(0), hindered: (r) => r === b })).toEqual({ inMs: 60 * s });
  expect(ask({ hindered: () => true })).toBe("none");
});
