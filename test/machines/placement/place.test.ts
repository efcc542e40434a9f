import fc from "fast-check";
import { expect, test } from "vitest";
import { place, strategies } from "../../../machines/placement/place.ts";
import { factorsOf, scoreOf, type Candidate } from "../../../machines/placement/score.ts";

function box(over: Partial<Candidate> = {}): Candidate {
  return {
    ...{ encoder: "a", pool: "studio", isReachable: true, isInService: true, isLeftAlone: false },
    ...{ thermal: "normal", temperatureC: 50, cpuUsageRatio: 0.2, memoryUsageRatio: 0.2 },
    ...{ healthScore: 100, failedRatio: 0, clients: 0, bitrateBps: 0, mostBitrateBps: 20e6 },
    ...{ sessions: 0, outputs: 2, standbys: 0, cannotMake: [], isCapable: true },
    ...over,
  };
}
const score = (one: Candidate) => scoreOf(factorsOf(one));

test("the best score takes it, the next best of its site stands by, and the answer says why", () => {
  const placed = place([
    box({ encoder: "hot", temperatureC: 75, thermal: "warm" }),
    box({ encoder: "cool" }),
    box({ encoder: "elsewhere", pool: "chapel" }),
    box({ encoder: "away", isReachable: false }),
  ]);
  expect(placed).toMatchObject({ chosen: "cool", backup: "hot" });
  expect(placed.because).toMatch(/^cool scores best of 3 that can take it: \d+ of 100/);
  expect(placed.ranking.at(-1)).toMatchObject({
    ...{ encoder: "away", refusals: ["it cannot be reached"] },
  });
});

test("a standby holds an output like a stream under way", () => {
  const standing = box({ encoder: "b", sessions: 1, standbys: 1, outputs: 2 });
  expect(place([standing])).toMatchObject({
    chosen: null,
    because: "none of 1 encoders can take it",
  });
  expect(place([{ ...standing, standbys: 0 }]).chosen).toBe("b");
});

test("with the fewest streams or in turn, when asked so", () => {
  const boxes = [
    box({ encoder: "a", sessions: 1, outputs: 4 }),
    box({ encoder: "b", standbys: 2, outputs: 4 }),
    box({ encoder: "c", temperatureC: 79, outputs: 4 }),
  ];
  expect(place(boxes, "least_connections").chosen).toBe("c");
  const turns = ["a", "b", "c", "a"];
  turns.slice(0, 3).forEach((after, i) => {
    expect(place(boxes, "round_robin", { after }).chosen).toBe(turns[i + 1]);
  });
  expect(place(boxes, "round_robin", { after: "bb" }).chosen).toBe("c");
});

test("what is not known is neither best nor worst", () => {
  const unknown = score(box({ cpuUsageRatio: null, memoryUsageRatio: null }));
  expect(unknown).toBeLessThan(score(box({ cpuUsageRatio: 0, memoryUsageRatio: 0 })));
  expect(unknown).toBeGreaterThan(score(box({ cpuUsageRatio: 1 })));
});

const known = (most: number) => fc.option(fc.double({ min: 0, max: most, noNaN: true }));
const arbitrary: fc.Arbitrary<Omit<Candidate, "encoder">> = fc.record({
  pool: fc.constantFrom("studio", "chapel"),
  isReachable: fc.boolean(),
  isInService: fc.boolean(),
  isLeftAlone: fc.boolean(),
  thermal: fc.constantFrom("normal", "warm", "cooling", "hot", "protected", "unknown"),
  ...{ temperatureC: known(120), healthScore: known(100), clients: known(500) },
  ...{ cpuUsageRatio: known(1), memoryUsageRatio: known(1), failedRatio: known(1) },
  ...{ bitrateBps: known(1e8), mostBitrateBps: known(1e8) },
  ...{ sessions: fc.nat(3), standbys: fc.nat(2), outputs: fc.option(fc.nat(4)) },
  cannotMake: fc.constantFrom([], [], ["too large for it"]),
  isCapable: fc.constantFrom(true, false, null),
});
const facility = fc
  .array(arbitrary, { maxLength: 8 })
  .map((all) => all.map((one, i): Candidate => ({ ...one, encoder: `box-${i}` })));

test("whoever is chosen can take it, whatever the strategy, and nobody is left out unnamed", () => {
  const asked = fc.record({ boxes: facility, strategy: fc.constantFrom(...strategies) });
  fc.assert(
    fc.property(asked, ({ boxes, strategy }) => {
      const { chosen, backup, ranking } = place(boxes, strategy);
      const able = ranking.filter(({ refusals }) => refusals.length === 0);
      expect(ranking.map(({ encoder }) => encoder).sort()).toEqual(
        boxes.map(({ encoder }) => encoder).sort(),
      );
      expect(chosen).toBe(able[0]?.encoder ?? null);
      const of = (encoder: string | null) => boxes.find((one) => one.encoder === encoder);
      const taken = of(chosen);
      if (taken) {
        expect(taken.isReachable && taken.isInService && !taken.isLeftAlone).toBe(true);
        expect(taken.sessions + taken.standbys).toBeLessThan(taken.outputs ?? Infinity);
        expect(["hot", "protected"]).not.toContain(taken.thermal);
      }
      if (backup !== null) {
        expect(backup).not.toBe(chosen);
        expect(of(backup)?.pool).toBe(taken?.pool);
        expect(able.map(({ encoder }) => encoder)).toContain(backup);
      }
      for (const one of ranking) {
        expect(one.score).toBeGreaterThanOrEqual(0);
        expect(one.score).toBeLessThanOrEqual(100 + 1e-9);
      }
    }),
  );
});

test("the order in which encoders are listed changes nothing", () => {
  const shuffled = facility.chain((boxes) =>
    fc.record({
      boxes: fc.constant(boxes),
      other: fc.shuffledSubarray(boxes, { minLength: boxes.length }),
      strategy: fc.constantFrom(...strategies),
    }),
  );
  fc.assert(
    fc.property(shuffled, ({ boxes, other, strategy }) => {
      expect(place(other, strategy)).toEqual(place(boxes, strategy));
    }),
  );
});

test("less load, heat, trouble or traffic never costs points", () => {
  const less = fc.record({ one: arbitrary, by: fc.double({ min: 0, max: 1, noNaN: true }) });
  const names = [
    ...(["cpuUsageRatio", "memoryUsageRatio", "temperatureC", "failedRatio"] as const),
    ...(["clients", "bitrateBps", "sessions", "standbys"] as const),
  ];
  fc.assert(
    fc.property(less, fc.constantFrom(...names), ({ one, by }, name) => {
      const before = { ...one, encoder: "a" };
      const value = before[name];
      const after = { ...before, [name]: value === null ? null : value * by };
      expect(score(after)).toBeGreaterThanOrEqual(score(before) - 1e-9);
    }),
  );
});

test("in turn, everybody who can is chosen once a round", () => {
  fc.assert(
    fc.property(facility, (boxes) => {
      const able = place(boxes).ranking.filter(({ refusals }) => refusals.length === 0);
      const round: string[] = [];
      for (const _ of able) {
        const after = round.at(-1);
        const { chosen } = place(boxes, "round_robin", after === undefined ? {} : { after });
        if (chosen !== null) round.push(chosen);
      }
      expect(round.sort()).toEqual(able.map(({ encoder }) => encoder).sort());
    }),
  );
});
