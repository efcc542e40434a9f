import { expect, test } from "vitest";
import { FrameRate } from "../../../daemon/relay/frame-rate.ts";

/** @param roundedMs times are whole ms, as RTMP has them */
function told(perSecond: number, roundedMs: boolean, seconds = 6, lost: number[] = []) {
  const rate = new FrameRate();
  for (let n = 0; n < perSecond * seconds; n++) {
    const ms = (1_000 * n) / perSecond;
    const dts = 90 * (roundedMs ? Math.round(ms) : ms);
    if (!lost.includes(n)) rate.take({ dts, gapBefore: false });
  }
  return rate.perSecond;
}

test("the frame rate is that of the times, also where they are rounded to whole milliseconds", () => {
  for (const rate of [5, 12.5, 15, 23.976, 24, 25, 29.97, 30, 50, 59.94, 60]) {
    expect(told(rate, false), `${rate}`).toBe(rate);
    expect(told(rate, true), `${rate}, in ms`).toBe(rate);
  }
});

test("pictures that are missing make it no other one, and one that is not usual is a whole one", () => {
  expect(told(30, true, 6, [7, 8, 40, 100, 101])).toBe(30);
  expect(told(18, true)).toBe(18);
});

test("it is not known at once, and another one is told when it is there to stay", () => {
  expect(told(30, false, 4)).toBe(null);
  const rate = new FrameRate();
  let dts = 0;
  const pass = (perSecond: number, seconds: number) => {
    for (let n = 0; n < perSecond * seconds; n++) {
      rate.take({ dts, gapBefore: false });
      dts += 90_000 / perSecond;
    }
    return rate.perSecond;
  };
  expect(pass(25, 11)).toBe(25);
  expect(pass(50, 6)).toBe(25);
  expect(pass(50, 11)).toBe(50);
});
