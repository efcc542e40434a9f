import { expect, test } from "vitest";
import { InputMeasures } from "../../../daemon/relay/input-measures.ts";
import { Timeline } from "../../../daemon/relay/timeline.ts";

/** Seconds with so many bytes each; the clock stands after them. */
function withSeconds(bytes: readonly number[]) {
  const measures = new InputMeasures();
  for (const [second, count] of bytes.entries()) {
    for (let part = 0; part < 10; part++) measures.bytes(count / 10, 1_000 * second + 100 * part);
  }
  return { measures, endMs: 1_000 * bytes.length };
}

test("the bit rate is that of the last ten seconds, and not known before", () => {
  const first = withSeconds(Array<number>(9).fill(1_000));
  expect(first.measures.bitrateBps(first.endMs)).toBeNull();
  const { measures, endMs } = withSeconds([
    ...Array<number>(10).fill(9),
    ...Array<number>(10).fill(1_000),
  ]);
  expect(measures.bitrateBps(endMs)).toBe(8_000);
  // Five of the ten were silent.
  expect(measures.bitrateBps(endMs + 5_000)).toBe(4_000);
});

test("how even it is stands after a minute: the same all the time is 0", () => {
  const minute = Array<number>(60).fill(1_000);
  const even = withSeconds(minute);
  expect(even.measures.spreadRatio(even.endMs - 1_000)).toBeNull();
  expect(even.measures.spreadRatio(even.endMs)).toBe(0);
  // One ten of six has twice as much: from 1 to 2 with a mean of 7/6.
  const uneven = withSeconds(minute.map((bytes, at) => (at < 10 ? 2 * bytes : bytes)));
  expect(uneven.measures.spreadRatio(uneven.endMs)).toBeCloseTo(6 / 7, 5);
});

/** Pictures and sounds for so long, from `fromMs`; the sound's times go on by `pace` of its time. */
function play(
  measures: InputMeasures,
  timeline: Timeline,
  p: { fromMs: number; toMs: number; pace?: number; aheadMs?: number },
) {
  const { pace = 1, aheadMs = 0 } = p;
  for (let ms = p.fromMs; ms < p.toMs; ms += 20) {
    measures.frame({ track: 0, pts: 90 * (ms + 500) }, timeline, ms);
    const soundMs = p.fromMs + (ms - p.fromMs) * pace + aheadMs;
    // It comes in another rhythm than the picture, which is no drift.
    if (ms % 60 === 0) measures.frame({ track: 1, pts: 90 * (soundMs + 700) }, timeline, ms + 15);
  }
}
const aTimeline = () => new Timeline(0, false, {});

test("sound that stays where it was beside the picture does not drift, wherever that is", () => {
  const [measures, timeline] = [new InputMeasures(), aTimeline()];
  play(measures, timeline, { fromMs: 0, toMs: 5_000 });
  expect(measures.avDriftMs).toBeNull();
  play(measures, timeline, { fromMs: 5_000, toMs: 30_000 });
  expect(Math.abs(measures.avDriftMs!)).toBeLessThan(5);
});

test("sound that is a thousandth too fast is 55 ms late after a minute; a new timeline begins anew", () => {
  const [measures, timeline] = [new InputMeasures(), aTimeline()];
  play(measures, timeline, { fromMs: 0, toMs: 61_000, pace: 1.001 });
  expect(measures.avDriftMs).toBeGreaterThan(48);
  expect(measures.avDriftMs).toBeLessThan(60);
  play(measures, aTimeline(), { fromMs: 61_000, toMs: 75_000, aheadMs: 900 });
  expect(Math.abs(measures.avDriftMs!)).toBeLessThan(5);
});

test("an input that brings nothing is forgotten", () => {
  const { measures, endMs } = withSeconds(Array<number>(60).fill(1_000));
  play(measures, aTimeline(), { fromMs: endMs, toMs: endMs + 11_000 });
  measures.forget();
  expect(measures.avDriftMs).toBeNull();
  expect(measures.bitrateBps(endMs + 12_000)).toBeNull();
  expect(measures.spreadRatio(endMs + 12_000)).toBeNull();
});
