import { afterEach, expect, test, vi } from "vitest";
import { at, propertyRuns } from "./effort.ts";

afterEach(() => vi.unstubAllEnvs());

test("property tests try more sequences with every effort, up to a million in torture", () => {
  vi.stubEnv("UNDERSTUDY_RUNS", undefined);
  const counts = ["check", "test", "torture"].map((word) => {
    vi.stubEnv("UNDERSTUDY_EFFORT", word);
    return propertyRuns();
  });
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
  expect(new Set(counts).size).toBe(3);
  expect(counts.at(-1)).toBe(1_000_000);
});

test("UNDERSTUDY_RUNS overrides the count, and a count that is no number is refused", () => {
  vi.stubEnv("UNDERSTUDY_RUNS", "12");
  expect(propertyRuns()).toBe(12);
  for (const wrong of ["0", "-1", "1.5", "many"]) {
    vi.stubEnv("UNDERSTUDY_RUNS", wrong);
    expect(propertyRuns).toThrow(wrong);
  }
});

test("an effort nobody knows is refused", () => {
  vi.stubEnv("UNDERSTUDY_EFFORT", "hard");
  expect(() => at({ check: 1, test: 2, torture: 3 })).toThrow("hard");
});
