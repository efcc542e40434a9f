import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  answered,
  asking,
  type Breaker,
  breakerLimits,
  failed,
  newBreaker,
  permits,
  unanswered,
} from "../../machines/breaker.ts";

const times = (n: number, step: (b: Breaker) => Breaker, from: Breaker = newBreaker) =>
  Array.from({ length: n }).reduce<Breaker>((breaker) => step(breaker), from);
const fail = (atMs: number) => (b: Breaker) => failed(b, atMs);
/** Left alone since `atMs`. */
const open = (atMs = 0) => times(5, fail(atMs));
const probe = (b: Breaker) => answered(asking(b));

describe("a box that fails", () => {
  test("four times in a row is asked on, five times in a row is left alone", () => {
    expect(times(4, fail(0))).toEqual({ word: "closed", failures: 4 });
    expect(permits(times(4, fail(0)), 0)).toBe(true);
    expect(times(5, fail(7)).word).toBe("open");
    expect(permits(times(5, fail(7)), 7)).toBe(false);
  });

  test("and answers in between begins to count anew", () => {
    expect(times(4, fail(0), answered(times(4, fail(0))))).toMatchObject({ word: "closed" });
  });

  test("is left alone for 30 s, not for 29.999 s", () => {
    expect(permits(open(1_000), 30_999)).toBe(false);
    expect(permits(open(1_000), 31_000)).toBe(true);
  });

  test("is left alone for less where waiting costs more", () => {
    expect(permits(open(1_000), 5_999, { ...breakerLimits, openMs: 5_000 })).toBe(false);
    expect(permits(open(1_000), 6_000, { ...breakerLimits, openMs: 5_000 })).toBe(true);
  });

  test("and fails again while it is left alone is not left alone for longer", () => {
    expect(failed(open(0), 20_000)).toEqual(open(0));
  });
});

describe("a box that was left alone long enough", () => {
  test("is asked three times at most before it is decided", () => {
    const two = times(2, asking, open());
    expect(two).toEqual({ word: "halfOpen", asked: 2, answered: 0 });
    expect(permits(two, 0)).toBe(true);
    expect(permits(asking(two), 0)).toBe(false);
  });

  test("is asked as usual after three answers, not after two", () => {
    expect(times(2, probe, open()).word).toBe("halfOpen");
    expect(times(3, probe, open())).toEqual(newBreaker);
  });

  test("is left alone for another 30 s after one failure", () => {
    const again = failed(asking(times(2, probe, open())), 90_000);
    expect(again).toEqual({ word: "open", sinceMs: 90_000 });
  });

  test("may be asked another time in place of a question that was given up", () => {
    const full = times(3, asking, open());
    expect(permits(unanswered(full), 0)).toBe(true);
  });
});

test("a stop that is answered while the box is left alone counts as the first of three", () => {
  const early = answered(open());
  expect(early).toEqual({ word: "halfOpen", asked: 1, answered: 1 });
  expect(times(2, probe, early)).toEqual(newBreaker);
});

test("whatever happens, a box is never left alone for ever", () => {
  const step = fc.constantFrom("answered", "failed", "given up", "stopped");
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let breaker: Breaker = newBreaker;
      let nowMs = 0;
      for (const what of steps) {
        nowMs += 1_000;
        if (what === "stopped") breaker = answered(breaker);
        else if (permits(breaker, nowMs)) {
          const asked = asking(breaker);
          if (what === "answered") breaker = answered(asked);
          else breaker = what === "failed" ? failed(asked, nowMs) : unanswered(asked);
        }
      }
      expect(permits(breaker, nowMs + breakerLimits.openMs)).toBe(true);
    }),
  );
});
