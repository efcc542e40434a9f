import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type HeatSample,
  isCool,
  isHot,
  needsMore,
  trend,
  withSample,
} from "../../../machines/encoder/heat.ts";

const limits = { hotC: 80, coolC: 72, protectC: 90, lookAheadMs: 60_000, coolingPeriodMs: 60_000 };
const at = (seconds: number) => ({ bootId: "b", monoMs: seconds * 1000, wallMs: seconds * 1000 });
/** One reading every 10 s, the first at 0 s. */
const readings = (...celsius: number[]) =>
  celsius.reduce<HeatSample[]>(
    (samples, c, n) => withSample(samples, { celsius: c, at: at(n * 10) }),
    [],
  );

test("80 °C is hot, 79.9 °C that stays is not, and below 72 °C it is cool again", () => {
  expect(isHot(readings(80), limits)).toBe(true);
  expect(isHot(readings(79.9), limits)).toBe(false);
  expect(isHot(readings(...Array<number>(20).fill(79.9)), limits)).toBe(false);
  expect(isCool(readings(71.9), limits)).toBe(true);
  expect(isCool(readings(72), limits)).toBe(false);
});

test("a box that gains 4 °C a minute is hot at 76 °C, before it reaches 80 °C", () => {
  const rising = Array.from({ length: 13 }, (_, n) => 68 + (n * 4) / 6);
  expect(trend(readings(...rising))).toBeCloseTo(4, 5);
  expect(isHot(readings(...rising), limits)).toBe(true);
  expect(isHot(readings(...rising.slice(0, -2)), limits)).toBe(false);
});

test("a box that warms up from cold is no fault, however fast", () => {
  const fromCold = Array.from({ length: 13 }, (_, n) => 30 + n * 3);
  expect(trend(readings(...fromCold))).toBeGreaterThan(15);
  expect(isHot(readings(...fromCold), limits)).toBe(false);
});

test("less than a minute of readings has no trend", () => {
  expect(trend(readings(70, 71, 72, 73, 74, 75))).toBeUndefined();
  expect(trend(readings(70, 71, 72, 73, 74, 75, 76))).toBeCloseTo(6, 5);
  expect(trend([])).toBeUndefined();
});

test("a step is enough when it gets cooler, also while it is still warm", () => {
  expect(needsMore(readings(79, 78, 77, 76, 75, 75, 74), limits)).toBe(false);
  expect(needsMore(readings(74, 75, 75, 76, 77, 77, 78), limits)).toBe(true);
  expect(needsMore(readings(81, 81, 81, 81, 81, 81, 80), limits)).toBe(true);
  expect(needsMore(readings(75, 74, 74, 73, 73, 72, 71), limits)).toBe(false);
});

test("five minutes of readings are kept, one in 5 s, and always the newest", () => {
  const long = readings(...Array<number>(60).fill(70));
  expect(long.length).toBe(31);
  const [first, second] = [at(592), at(594)].map((moment, n) => ({ celsius: 80 + n, at: moment }));
  const often = withSample(withSample(long, first!), second!);
  expect(often).toEqual([...long.slice(1), second]);
});

test("the trend of a straight line is its slope, whatever the line", () => {
  const line = fc.record({
    from: fc.double({ min: -40, max: 120, noNaN: true }),
    perMinute: fc.double({ min: -50, max: 50, noNaN: true }),
    count: fc.integer({ min: 7, max: 31 }),
  });
  fc.assert(
    fc.property(line, ({ from, perMinute, count }) => {
      const line = Array.from({ length: count }, (_, n) => from + (perMinute * n) / 6);
      expect(trend(readings(...line))).toBeCloseTo(perMinute, 6);
    }),
  );
});
