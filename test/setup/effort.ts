/**
 * How hard the tests try. `npm run check` is quick, `npm test` is thorough, `npm run torture` runs
 * the full counts. The runner sets `UNDERSTUDY_EFFORT`; `UNDERSTUDY_RUNS` alone overrides the
 * count of property tests.
 */
export type Effort = "check" | "test" | "torture";

/**
 * Random sequences in all, shared by the property tests of the machines. The one place that says how
 * many. One costs 2 to 3 ms of CPU on a quiet machine: 100,000 are about four minutes of a core,
 * which they take from what the end-to-end tests leave idle.
 */
export const sequences: Record<Effort, number> = {
  check: 5_000,
  test: 100_000,
  torture: 1_000_000,
};

/** @throws when `UNDERSTUDY_EFFORT` is set to a word that is not an effort */
export function effort(): Effort {
  const word = process.env["UNDERSTUDY_EFFORT"] ?? "check";
  if (word === "check" || word === "test" || word === "torture") return word;
  throw new Error(`UNDERSTUDY_EFFORT is ${word}, not check, test or torture`);
}

/** The choice for the effort asked for: `at({ check: 1, test: 5, torture: 50 })` kill points. */
export function at<T>(choices: Record<Effort, T>): T {
  return choices[effort()];
}

/**
 * Random sequences per property test.
 *
 * @throws when `UNDERSTUDY_RUNS` is set to something that is not a whole number above 0
 */
export function propertyRuns(): number {
  const text = process.env["UNDERSTUDY_RUNS"];
  if (text === undefined || text === "") return at(sequences);
  const runs = Number(text);
  if (Number.isSafeInteger(runs) && runs > 0) return runs;
  throw new Error(`UNDERSTUDY_RUNS is ${text}, not a whole number above 0`);
}
