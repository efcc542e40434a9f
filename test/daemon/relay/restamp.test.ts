import { expect, test } from "vitest";
import type { Gop } from "../../../daemon/relay/gop-store.ts";
import { GopStore } from "../../../daemon/relay/gop-store.ts";
import { OutputClock } from "../../../daemon/relay/output-clock.ts";
import { Restamp } from "../../../daemon/relay/restamp.ts";
import { Timeline } from "../../../daemon/relay/timeline.ts";

const soundTicks = 1_920;

/** Sound of one track on these timelines, beside a GOP of the first; what of it goes out. */
function sent(timelines: Timeline[], followed: Timeline): number[] {
  const clock = new OutputClock(true);
  followed.arrived(0, 0);
  clock.follow(followed, 0, undefined, undefined);
  const store = new GopStore(1_000_000);
  for (const [n, timeline] of timelines.entries()) {
    const pts = n * soundTicks;
    const payload = Buffer.alloc(8);
    const frame = {
      track: 1,
      pts,
      dts: pts,
      key: false,
      damaged: false,
      gapBefore: false,
      payload,
    };
    store.add(frame, timeline, 0);
  }
  const out: number[] = [];
  const restamp = new Restamp({ clock, send: ({ pts }) => void out.push(pts / soundTicks) });
  restamp.last.sounds[1] = -soundTicks;
  const gop: Gop = {
    ...{
      timeline: followed,
      frames: [],
      arrivedMs: 0,
      lastMs: 0,
      endDts: undefined,
      damaged: false,
    },
  };
  restamp.sounds([{ store, streams: [], isDoubtful: () => false }], gop, 0, 90_000);
  return out;
}

test("sound with wrong times does not hold up what comes after it with right ones", () => {
  const right = new Timeline(0, false, {});
  const wrong = new Timeline(300, true, right.lineage);
  wrong.arrived(983_040, 300);
  const rightAgain = new Timeline(600, true, right.lineage);
  rightAgain.provenShift = 0;
  expect(sent([right, right, wrong, rightAgain, rightAgain], right)).toEqual([0, 1, 3, 4]);
});

test("sound after a jump of the source waits for the pictures that jump with it", () => {
  const before = new Timeline(0, false, {});
  const [after, later] = [300, 600].map((bornMs) => new Timeline(bornMs, true, before.lineage));
  for (const jumped of [after!, later!]) jumped.arrived(9_000_000, 300);
  expect(sent([before, before, after!, later!], before)).toEqual([0, 1]);
});

test("a keyframe goes out though its time was sent already, and time goes on; those after it take no time", () => {
  const sent: { key: boolean; pts: number; dts: number }[] = [];
  const restamp = new Restamp({
    clock: new OutputClock(false),
    send: ({ key, pts, dts }) => void sent.push({ key, pts, dts }),
  });
  const picture = (time: number, key: boolean) => {
    const times = { track: 0, pts: time, dts: time, damaged: false, gapBefore: false };
    restamp.picture({ ...times, key, payload: Buffer.alloc(8) }, 0, []);
  };
  picture(0, true);
  picture(3_600, false);
  picture(7_200, false);
  // Of another, whose first picture shows what was sent already.
  picture(3_600, true);
  picture(7_200, false);
  picture(10_800, false);
  expect(sent.slice(3)).toEqual([
    { key: true, pts: 7_201, dts: 7_201 },
    { key: false, pts: 7_202, dts: 7_202 },
    { key: false, pts: 10_800, dts: 10_800 },
  ]);
});

test("pictures that are left out make those that are sent no longer", () => {
  const restamp = new Restamp({ clock: new OutputClock(false), send: () => undefined });
  const own = { track: 0, key: false, payload: Buffer.alloc(8) };
  for (const [n, damaged] of [false, false, true, true, false].entries()) {
    const time = n * 3_600;
    restamp.picture({ ...own, pts: time, dts: time, damaged, gapBefore: false }, 0, []);
  }
  const after = 7 * 3_600;
  restamp.picture({ ...own, pts: after, dts: after, damaged: false, gapBefore: true }, 0, []);
  expect(restamp.halfPicture).toBe(1_800);
});
