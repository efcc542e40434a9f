import { expect, test } from "vitest";
import {
  hostClockAfter,
  type HostClockLook,
  hostClockNews,
  hostClockSentence,
  jumpBetween,
  unknownHostClock,
} from "../../../machines/site/host-clock.ts";
import type { HostClock } from "../../../machines/site/host-clock.ts";
import { aPlan, onAir } from "../world.ts";

const at = (ms: number) => ({ bootId: "b", monoMs: ms, wallMs: 1e12 + ms });
const nothing: HostClockLook = { keeper: null, answers: [], problems: [] };
const kept = {
  keeper: { isSynchronised: true, by: "chrony, 10.0.0.1" },
  answers: [],
  problems: [],
};
const lost = {
  keeper: { isSynchronised: false, by: "chrony", why: "it follows no time server" },
  ...{ answers: [], problems: [] },
};
const asked = (...aheadMs: number[]): HostClockLook => ({
  ...nothing,
  answers: aheadMs.map((ahead, n) => ({
    ...{ server: `t${n}`, aheadMs: ahead, exactToMs: 10, ageMs: 0 },
  })),
});
/** One look after the other, `everyMs` apart; what was told of them. */
function looks(list: HostClockLook[], everyMs = 1_000) {
  let clock: HostClock = unknownHostClock(at(0));
  const told: string[] = [];
  for (const [n, look] of list.entries()) {
    const before = clock;
    clock = hostClockAfter(before, look, at(n * everyMs));
    const news = hostClockNews(before, clock);
    if (news) told.push(`${news.severity} ${news.data?.["clock"] as string}`);
  }
  return { clock, told };
}

test("nobody to ask, as in a container, is unknown, and no alarm either", () => {
  const { clock, told } = looks([nothing, nothing]);
  expect([clock.word, clock.offset, told]).toEqual(["unknown", null, []]);
});

test("a time server that agrees is no proof that anybody keeps the clock", () => {
  expect(looks([asked(3)]).clock).toMatchObject({ word: "agrees", offset: { aheadMs: 3 } });
  expect(looks([kept]).clock).toMatchObject({ word: "synchronised", offset: null });
});

test.each([
  [2_010, "agrees"],
  [2_011, "off"],
  [-2_010, "agrees"],
  [-2_011, "off"],
])("%i ms off, known to 10 ms, with a limit of 2 s: %s", (aheadMs, word) => {
  expect(looks([asked(aheadMs)]).clock.word).toBe(word);
});

test.each([
  [1_501, ["warning off"]],
  [1_500, ["warning off", "info agrees"]],
])("a clock that was off and is %i ms off: %j", (aheadMs, told) => {
  expect(looks([asked(2_500), asked(aheadMs)]).told).toEqual(told);
});

test("off is off also when chrony is content with itself", () => {
  expect(looks([{ ...asked(9_000), keeper: kept.keeper }]).clock.word).toBe("off");
});

test("one that was off and cannot be measured any more is unknown, not right", () => {
  const { clock, told } = looks([asked(9_000), kept]);
  expect([clock.word, told]).toEqual(["unknown", ["warning off"]]);
});

test("not synchronised is told after 15 min, once, and also that it is over", () => {
  const minutes = (n: number) => Array.from({ length: n }, () => lost);
  expect(looks(minutes(15), 60_000).told).toEqual([]);
  expect(looks(minutes(20), 60_000).told).toEqual(["warning unsynchronised"]);
  expect(looks([...minutes(16), kept], 60_000).told).toEqual([
    "warning unsynchronised",
    "info synchronised",
  ]);
});

test.each([
  [2 * 3_600_000, "synchronised"],
  [2 * 3_600_000 + 1, "unsynchronised"],
])("a keeper that heard its last time server %i ms ago: %s", (ageMs, word) => {
  const { clock } = looks([{ ...kept, keeper: { ...kept.keeper, ageMs } }]);
  expect(clock).toMatchObject({ word, heardAtMs: 1e12 - ageMs });
});

test("of several time servers the middle one counts: one that lies alone changes nothing", () => {
  expect(looks([asked(5, -60_000, 7)]).clock).toMatchObject({ offset: { aheadMs: 5 } });
  expect(looks([asked(90_000, 8, 7)]).clock.word).toBe("agrees");
});

test("an old answer is known less exactly: a clock that runs free drifts", () => {
  const [answer] = asked(2_020).answers;
  const look = { ...nothing, answers: [{ ...answer!, ageMs: 200_000 }] };
  expect(looks([look]).clock).toMatchObject({ word: "agrees", offset: { exactToMs: 30 } });
});

test("a person reads what is wrong, by how much and who says so", () => {
  expect(hostClockSentence(looks([asked(-3_210)]).clock)).toBe(
    "the clock of this host: 3.2 s behind; schedules and recordings have the wrong time, by t0",
  );
});

test.each([
  [1_000, undefined],
  [1_001, 1_001],
  [-1_000, undefined],
  [-1_001, -1_001],
])("a wall clock that is %i ms elsewhere than 5 s later: %s", (byMs, jump) => {
  const later = at(5_000);
  expect(jumpBetween(at(0), { ...later, wallMs: later.wallMs + byMs })).toBe(jump);
  expect(jumpBetween(at(0), { ...later, bootId: "other", wallMs: 5e12 })).toBeUndefined();
});

test("the site tells it, publishes it, and still knows after a restart what it has told", () => {
  const w = onAir(aPlan());
  const look = (one: HostClockLook) =>
    w.send({ to: "site", event: { type: "hostClock", look: one } });
  look(asked(5_000));
  look(asked(5_100));
  w.send({ to: "site", event: { type: "clockJump", byMs: -3_600_000 } });
  expect(w.told("site.clock").map(({ data }) => data["clock"])).toEqual(["off"]);
  expect(w.told("site.clockJump")[0]?.message).toContain("was set back by 3600.0 s");
  w.restart();
  look(asked(5_000));
  look(asked(20));
  expect(w.told("site.clock").map(({ data }) => data["clock"])).toEqual(["off", "agrees"]);
});
