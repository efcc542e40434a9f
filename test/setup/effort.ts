/**
 * How hard the tests try. `npm run check` is quick, `npm test` is thorough, `npm run torture` runs
 * the full counts. The runner sets `UNDERSTUDY_EFFORT`; `UNDERSTUDY_RUNS` alone overrides how many
 * random sequences the property tests of the machines share.
 */
export type Effort = "check" | "test" | "torture";

/**
 * Random sequences in all, shared by the property tests of the machines: each gets its share below.
 * One costs 3 to 80 ms of CPU, and 100,000 about six minutes of a core, which they take from what the
 * end-to-end tests leave idle.
 */
export const sequences: Record<Effort, number> = {
  check: 5_000,
  test: 100_000,
  torture: 1_000_000,
};

/**
 * Which part of them each property tries. What costs several times as much as the others (long
 * incidents, each turn compared) tries fewer.
 */
export const shares = {
  safety: { check: 0.28, test: 0.39, torture: 0.28 },
  otherSafety: { check: 0.3, test: 0.4, torture: 0.28 },
  content: { check: 0.08, test: 0.04, torture: 0.12 },
  exercise: { check: 0.07, test: 0.039, torture: 0.05 },
  events: { check: 0.03, test: 0.008, torture: 0.04 },
  replay: { check: 0.05, test: 0.03, torture: 0.05 },
  wallClock: { check: 0.04, test: 0.025, torture: 0.05 },
  blindness: { check: 0.07, test: 0.04, torture: 0.05 },
  overload: { check: 0.01, test: 0.002, torture: 0.02 },
  congestion: { check: 0.01, test: 0.002, torture: 0.01 },
  onDuty: { check: 0.01, test: 0.005, torture: 0.02 },
  recovery: { check: 0.02, test: 0.01, torture: 0.01 },
  relayed: { check: 0.02, test: 0.005, torture: 0.01 },
  budgets: { check: 0.01, test: 0.002, torture: 0.005 },
  stepping: { check: 0.01, test: 0.002, torture: 0.005 },
} as const satisfies Record<string, Record<Effort, number>>;
export type Property = keyof typeof shares;

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
 * Random sequences that this property tries.
 *
 * @throws when `UNDERSTUDY_RUNS` is set to something that is not a whole number above 0
 */
export function propertyRuns(property: Property): number {
  return Math.max(1, Math.ceil(allRuns() * at(shares[property])));
}

function allRuns(): number {
  const text = process.env["UNDERSTUDY_RUNS"];
  if (text === undefined || text === "") return at(sequences);
  const runs = Number(text);
  if (Number.isSafeInteger(runs) && runs > 0) return runs;
  throw new Error(`UNDERSTUDY_RUNS is ${text}, not a whole number above 0`);
}
