import { afterEach, expect, test, vi } from "vitest";
import { at, type Property, propertyRuns, shares } from "./effort.ts";

afterEach(() => vi.unstubAllEnvs());

const properties = Object.keys(shares) as Property[];
const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);

test("together the property tests try 5,000, 100,000 and a million sequences, none of them few", () => {
  vi.stubEnv("UNDERSTUDY_RUNS", undefined);
  const least = { check: [5_000, 50], test: [100_000, 200], torture: [1_000_000, 5_000] };
  for (const [word, [inAll, each]] of Object.entries(least)) {
    vi.stubEnv("UNDERSTUDY_EFFORT", word);
    const counts = properties.map(propertyRuns);
    expect(sum(counts)).toBeGreaterThanOrEqual(inAll!);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(each!);
  }
});

test("UNDERSTUDY_RUNS overrides the count, and a count that is no number is refused", () => {
  vi.stubEnv("UNDERSTUDY_EFFORT", "check");
  vi.stubEnv("UNDERSTUDY_RUNS", "1200");
  expect(sum(properties.map(propertyRuns))).toBeLessThan(1.1 * 1_200);
  for (const wrong of ["0", "-1", "1.5", "many"]) {
    vi.stubEnv("UNDERSTUDY_RUNS", wrong);
    expect(() => propertyRuns("safety")).toThrow(wrong);
  }
});

test("an effort nobody knows is refused", () => {
  vi.stubEnv("UNDERSTUDY_EFFORT", "hard");
  expect(() => at({ check: 1, test: 2, torture: 3 })).toThrow("hard");
});
