import { expect, test } from "vitest";
import { ticksPerMs } from "../../../daemon/relay/frame.ts";
import { OutputClock } from "../../../daemon/relay/output-clock.ts";
import { type Lineage, Timeline } from "../../../daemon/relay/timeline.ts";

/** Times that are seen so much later than they say, ms. */
function late(ms: number, p: { bornMs: number; lineage: Lineage }): Timeline {
  const timeline = new Timeline(p.bornMs, p.bornMs > 0, p.lineage);
  timeline.arrived(p.bornMs * ticksPerMs, p.bornMs + ms);
  return timeline;
}

test("sound whose times are right again stays on the air's clock, whatever its pictures do after it", () => {
  const clock = new OutputClock(true);
  clock.follow(late(0, { bornMs: 0, lineage: {} }), 0, undefined, undefined);
  const lineage: Lineage = {};
  const first = late(0, { bornMs: 0, lineage });
  expect(clock.shiftOf(first)).toBe(0);
  // Sound is encoded sooner than pictures: its own delay is less.
  const sound = late(-45, { bornMs: 10_000, lineage });
  expect(clock.shiftOf(sound)).toBe(0);
  for (const [n, lateMs] of [0, 20].entries()) {
    expect(clock.shiftOf(late(lateMs, { bornMs: 20_000 + n * 10_000, lineage }))).toBe(0);
  }
  expect(clock.shiftOf(sound)).toBe(0);
});

test("times of one encoder that jumped alone are not on it", () => {
  const clock = new OutputClock(true);
  clock.follow(late(0, { bornMs: 0, lineage: {} }), 0, undefined, undefined);
  const lineage: Lineage = {};
  expect(clock.shiftOf(late(0, { bornMs: 0, lineage }))).toBe(0);
  expect(clock.shiftOf(late(-400, { bornMs: 10_000, lineage }))).toBe(undefined);
});
