import { expect, test } from "vitest";
import { learnClockOffset } from "../../../daemon/link/clock-offset.ts";

const noonMs = 1_790_000_000_000;

/** A hub whose clock is `aheadMs` ahead, and a host whose wall clock the test can set. */
function aHost(aheadMs: number) {
  const clock = learnClockOffset();
  let monoMs = 5_000;
  let setByMs = 0;
  const at = () => ({ wallMs: noonMs + monoMs + setByMs, monoMs });
  return {
    pass: (ms: number) => void (monoMs += ms),
    setWallClock: (byMs: number) => void (setByMs += byMs),
    /** An ack that was under way for so long. */
    ack: (delayMs: number) => clock.heard(noonMs + monoMs + aheadMs - delayMs, at()),
    offset: () => clock.offsetMs(at()),
    /** The hub's time as this host would reckon it, minus what it is. */
    errorMs: () => at().wallMs + clock.offsetMs(at())! - (noonMs + monoMs + aheadMs),
  };
}

test("before the first ack nothing is known of the hub's clock", () => {
  expect(aHost(0).offset()).toBeUndefined();
});

test("the ack that was under way the shortest says it best", () => {
  const host = aHost(2_000);
  for (const delayMs of [300, 40, 900]) host.ack(delayMs);
  expect(host.offset()).toBe(2_000 - 40);
});

test("only the last eight acks count", () => {
  const host = aHost(0);
  host.ack(5);
  for (let n = 0; n < 7; n++) host.ack(100);
  expect(host.offset()).toBe(-5);
  host.ack(100);
  expect(host.offset()).toBe(-100);
});

test.each([3_600_000, -3_600_000, 315_360_000_000, -315_360_000_000, 999, -1_001])(
  "our wall clock set by %i ms: the hub's time is known as before, without another ack",
  (byMs) => {
    const host = aHost(2_000);
    host.ack(40);
    host.pass(1_000);
    host.setWallClock(byMs);
    expect(host.errorMs()).toBe(-40);
    host.pass(40_000);
    expect(host.errorMs()).toBe(-40);
    // And what comes after fits with what was kept from before.
    host.ack(60);
    expect(host.errorMs()).toBe(-40);
  },
);
