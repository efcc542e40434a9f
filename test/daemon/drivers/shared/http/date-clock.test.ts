import { expect, test } from "vitest";
import { openDateClock } from "../../../../../daemon/drivers/shared/http/date-clock.ts";

/** A box whose clock is `aheadMs` ahead of ours and which answers at once, in whole seconds. */
function aBox(aheadMs: number) {
  const time = { ms: 0 };
  const box = { aheadMs };
  const wallMs = () => 1_800_000_000_000 + time.ms;
  const clock = openDateClock(() => time.ms, wallMs);
  return {
    box,
    clock,
    answersAt: (ms: number, tookMs = 0) => {
      time.ms = ms;
      clock.heard(new Date(wallMs() + box.aheadMs).toUTCString(), tookMs);
    },
    pass: (ms: number) => void (time.ms += ms),
  };
}

test("one answer tells the clock to half a second, and half of what it took", () => {
  const { clock, answersAt } = aBox(0);
  answersAt(0, 200);
  expect(clock.reading()).toEqual({
    ...{ aheadMs: 600, exactToMs: 600, ageMs: 0, source: "HTTP Date" },
  });
});

test("answers at other moments of the second tell it more and more exactly", () => {
  const { clock, answersAt } = aBox(3_270);
  for (const ms of [0, 5_130, 10_260, 15_390, 20_520, 25_650, 30_780]) answersAt(ms, 20);
  const { aheadMs, exactToMs } = clock.reading()!;
  expect(exactToMs).toBeLessThanOrEqual(110);
  expect(Math.abs(aheadMs - 3_270)).toBeLessThanOrEqual(exactToMs);
});

test("a clock that was set is believed at once, and not mixed with what it was", () => {
  const { clock, box, answersAt } = aBox(-60_000);
  for (const ms of [0, 5_000, 10_000]) answersAt(ms);
  box.aheadMs = 0;
  answersAt(15_000);
  expect(clock.reading()).toMatchObject({ aheadMs: 500, exactToMs: 500 });
});

test("an answer ages, and after a minute the clock is not known any more", () => {
  const { clock, answersAt, pass } = aBox(0);
  answersAt(0);
  pass(59_999);
  expect(clock.reading()?.ageMs).toBe(59_999);
  pass(1);
  expect(clock.reading()).toBeUndefined();
});

test("a box without a date, or with one that is none, tells no time", () => {
  const clock = openDateClock(() => 0);
  clock.heard(undefined, 5);
  clock.heard("yesterday", 5);
  expect(clock.reading()).toBeUndefined();
});
