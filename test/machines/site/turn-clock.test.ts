import fc from "fast-check";
import { expect, test } from "vitest";
import { type Timer, TurnClock } from "../../../machines/site/turn-clock.ts";
import type { Stamp } from "../../../machines/time.ts";

const at = (monoMs: number): Stamp => ({ bootId: "b", monoMs, wallMs: monoMs });
const nobody = () => undefined;

test("what is due fires in the order it is due, of two at once the one set first", () => {
  const step = fc.record({ ms: fc.nat(20), clears: fc.option(fc.nat(30)), passesMs: fc.nat(4) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new TurnClock(at(0));
      let nowMs = 0;
      let waiting: { dueMs: number; order: number }[] = [];
      const fired: number[] = [];
      const expected: number[] = [];
      const timers: Timer[] = [];
      const soonest = () => waiting.toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
      for (const [order, { ms, clears, passesMs }] of steps.entries()) {
        timers.push(clock.setTimeout(() => void fired.push(order), ms));
        waiting.push({ dueMs: nowMs + ms, order });
        if (clears !== null && clears <= order) {
          clock.clearTimeout(timers[clears]!);
          waiting = waiting.filter((timer) => timer.order !== clears);
        }
        nowMs += passesMs;
        clock.advanceTo(at(nowMs), nobody);
        for (let due = soonest(); due && due.dueMs <= nowMs; due = soonest()) {
          expected.push(due.order);
          waiting = waiting.filter((timer) => timer !== due);
        }
        expect(fired).toEqual(expected);
        expect(clock.nextDueMs()).toBe(soonest()?.dueMs);
      }
    }),
  );
});

test("what a deadline sets while it fires, and is due by then, fires too", () => {
  const clock = new TurnClock(at(0));
  const fired: string[] = [];
  clock.setTimeout(() => {
    fired.push("first");
    clock.setTimeout(() => void fired.push("at once"), 0);
    clock.setTimeout(() => void fired.push("later"), 1);
  }, 5);
  clock.advanceTo(at(7), () => void fired.push("looked"));
  expect(fired).toEqual(["first", "looked", "at once", "looked"]);
  expect(clock.nextDueMs()).toBe(8);
});

test("a pause of which less than a millisecond is left is not due at the moment it is set", () => {
  const monoMs = 119_750.000_000_000_01;
  const at = { bootId: "boot-1", monoMs, wallMs: 0 };
  const clock = new TurnClock(at);
  let fired = 0;
  const again = () => {
    fired += 1;
    if (fired < 1_000) clock.setTimeout(again, 7e-12);
  };
  clock.setTimeout(again, 7e-12);
  clock.advanceTo({ ...at, monoMs: monoMs + 2 }, () => undefined);
  expect(fired).toBe(1);
});
