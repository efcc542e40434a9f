import { expect, test } from "vitest";
import { encoderState } from "../../../machines/encoder/encoder.published.ts";
import { aPlan, onAir } from "../world.ts";

const published = { id: "b", epoch: "e", seq: 1, session: "s", atMs: 0 };

/** A box `b` whose clock is told; it is read every second. */
function aBox() {
  const w = onAir(aPlan({ kinds: { a: "helo", b: "helo" } }));
  const says = (aheadMs: number | undefined, exactToMs = 100) => {
    const clock = { aheadMs: aheadMs ?? 0, exactToMs, ageMs: 700, source: "HTTP Date" };
    w.box("b").says = aheadMs === undefined ? {} : { clock };
  };
  return {
    w,
    says,
    is: () =>
      encoderState(w.core.encoder("b"), {
        ...{ published, heldBy: {}, generations: {}, sinceMs: () => 0 },
      }),
    told: () =>
      w.told("encoder.clock").map(({ data, message }) => `${String(data["clock"])}: ${message}`),
  };
}

test("a box that does not tell its time has a clock that is unknown, not right", () => {
  const { w, is, told } = aBox();
  w.pass(60);
  expect([is().clock, is().figures.clockAheadMs, told()]).toEqual(["unknown", undefined, []]);
});

test("a clock is published with how exactly it is known, its age and its source", () => {
  const { w, says, is } = aBox();
  says(-420);
  w.pass(10);
  expect(is().clock).toBe("right");
  const { clockAheadMs, clockExactToMs } = is().figures;
  expect(clockAheadMs).toMatchObject({ value: -420, source: "HTTP Date" });
  expect(clockExactToMs?.value).toBe(100);
  expect(clockAheadMs?.atMs).toBe(w.core.encoder("b").context.readAtMs - 700);
});

test.each([
  [2_100, []],
  [2_101, ["wrong"]],
  [-2_101, ["wrong"]],
])(
  "%i ms off, known to 100 ms, with a limit of 2 s, for two minutes: %j",
  (aheadMs, severities) => {
    const { w, says, told } = aBox();
    says(aheadMs);
    w.pass(120);
    expect(told().map((line) => line.split(":")[0])).toEqual(severities);
  },
);

test("a clock that is set right soon after the boot is no news", () => {
  const { w, says, told } = aBox();
  says(-1e12);
  w.pass(20);
  says(3);
  w.pass(120);
  expect(told()).toEqual([]);
});

test("one that is wrong is told once, with what to do, and again when it is well within the limit", () => {
  const { w, says, is, told } = aBox();
  says(-7_400);
  w.pass(300);
  expect(is().clock).toBe("wrong");
  expect(is().warnings.join()).toContain("its clock is 7.4 s behind this host's");
  says(1_501);
  w.pass(60);
  expect(told()).toEqual([
    "wrong: the clock of b is 7.4 s behind this host's: its recordings get the wrong time; check its time server",
  ]);
  says(1_500);
  w.pass(60);
  expect(told()[1]).toBe("right: the clock of b is right again, as this host's is");
  expect([told().length, is().clock]).toEqual([2, "right"]);
});

test("a box that falls silent has no clock that is known; it is not told twice when it is back", () => {
  const { w, says, is, told } = aBox();
  says(60_000);
  w.pass(60);
  w.box("b").reachable = false;
  w.pass(60);
  expect(is().clock).toBe("unknown");
  w.box("b").reachable = true;
  w.pass(60);
  expect([is().clock, told().length]).toEqual(["wrong", 1]);
});
