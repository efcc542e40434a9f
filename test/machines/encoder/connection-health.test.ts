import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Exchange,
  healthOf,
  type LatencyPoint,
  predictSlowness,
} from "../../../machines/encoder/connection-health.ts";

const many = (n: number, one: Partial<Exchange>) =>
  Array.from({ length: n }, (_, i): Exchange => ({ atMs: i, ...one }));
const score = (exchanges: Exchange[], answeredAgoMs: number | undefined = 1_000) =>
  healthOf({ exchanges, answeredAgoMs, readingMaxAgeMs: 12_000 });
const good = many(20, { latencyMs: 40 });

describe("a connection's health", () => {
  test("is not known before it was asked, and 100 while nothing is wrong", () => {
    expect(healthOf({ exchanges: [], answeredAgoMs: undefined, readingMaxAgeMs: 1 })).toBe(
      undefined,
    );
    expect(score(good)).toEqual({ healthScore: 100 });
  });

  test("falls with the median latency from 100 ms to 1 s, whatever a single one takes", () => {
    expect(score(many(9, { latencyMs: 100 }))).toEqual({ healthScore: 100 });
    expect(score(many(9, { latencyMs: 550 }))).toEqual({ healthScore: 50, burden: "latency" });
    expect(score(many(9, { latencyMs: 1_000 }))).toEqual({ healthScore: 0, burden: "latency" });
    expect(score([...good, { atMs: 0, latencyMs: 1_900 }])).toEqual({ healthScore: 100 });
  });

  test("falls with the share of failures: one in ten costs 20, half of them all", () => {
    expect(score([...many(9, { latencyMs: 40 }), ...many(1, {})])).toEqual({
      healthScore: 80,
      burden: "errors",
    });
    expect(score([...many(5, { latencyMs: 40 }), ...many(5, {})])).toMatchObject({
      healthScore: 0,
    });
  });

  test("falls by 20 with each connection that was broken", () => {
    const resets = many(2, { latencyMs: 40, isReset: true });
    expect(score([...good, ...resets])).toEqual({ healthScore: 60, burden: "resets" });
  });

  test("falls from the age at which a reading is unknown, and is 0 at three times that", () => {
    expect(score(good, 12_000)).toEqual({ healthScore: 100 });
    expect(score(good, 24_000)).toEqual({ healthScore: 50, burden: "staleness" });
    expect(score([], 36_000)).toEqual({ healthScore: 0, burden: "staleness" });
  });

  test("is always from 0 to 100", () => {
    const exchange = fc.record(
      { atMs: fc.nat(), latencyMs: fc.nat(60_000), isReset: fc.boolean() },
      { requiredKeys: ["atMs"] },
    );
    fc.assert(
      fc.property(fc.array(exchange, { minLength: 1 }), fc.nat(), (exchanges, ageMs) => {
        const { healthScore } = score(exchanges, ageMs)!;
        expect(healthScore).toBeGreaterThanOrEqual(0);
        expect(healthScore).toBeLessThanOrEqual(100);
      }),
    );
  });
});

/** One median each 10 s. */
const latencies = (n: number, of: (minutes: number) => number): LatencyPoint[] =>
  Array.from({ length: n }, (_, i) => ({ atMs: i * 10_000, latencyMs: of(i / 6) }));

describe("a box that answers ever more slowly", () => {
  test("by 50 ms a minute from 200 ms is told to reach 1 s in 6 min, with the method named", () => {
    expect(
      predictSlowness(
        latencies(61, (min) => 200 + 50 * min),
        false,
      ),
    ).toEqual({
      what: "latency",
      reachesMs: 1_000,
      inMs: 6 * 60_000,
      method: "least-squares line through 10 min",
    });
  });

  test("is not told before five minutes were seen", () => {
    expect(
      predictSlowness(
        latencies(30, (min) => 200 + 80 * min),
        false,
      ),
    ).toBe(undefined);
    expect(
      predictSlowness(
        latencies(31, (min) => 200 + 80 * min),
        false,
      ),
    ).toBeDefined();
  });

  test("is told when it is 15 min away, and taken back only when it is 30 min away", () => {
    const away = (inMin: number) => latencies(61, (min) => 1_000 - 20 * (inMin + 10 - min));
    expect(predictSlowness(away(15.1), false)).toBe(undefined);
    expect(predictSlowness(away(14.9), false)).toBeDefined();
    expect(predictSlowness(away(29.9), true)).toBeDefined();
    expect(predictSlowness(away(30.1), true)).toBe(undefined);
  });

  test("is not taken for one whose latency only jumps about", () => {
    const jumpy = latencies(61, (min) => 200 + 5 * min + (Math.round(min * 6) % 2 ? 200 : 0));
    expect(predictSlowness(jumpy, false)).toBe(undefined);
    expect(
      predictSlowness(
        latencies(61, () => 200),
        false,
      ),
    ).toBe(undefined);
  });
});
