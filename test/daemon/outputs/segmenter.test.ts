import { expect, test } from "vitest";
import { type Cut, Segmenter } from "../../../daemon/outputs/segmenter.ts";
import { adtsStreamType, type Frame, h264StreamType } from "../../../daemon/relay/frame.ts";
import { adtsFrame } from "../relay/pictures.ts";

const streams = [h264StreamType, adtsStreamType].map((streamType) => ({
  ...{ streamType, descriptors: Buffer.alloc(0) },
}));
const pictureTicks = 3_600;
const startMs = 1.7e12;

/** 25 pictures a second in GOPs of one second, and what a segmenter of two seconds makes of it. */
function aProgramme() {
  const segments: { cut: Cut; frames: Frame[]; ticks?: number }[] = [];
  const segmenter = new Segmenter({
    segmentMs: 2_000,
    sink: {
      begin: (cut) => segments.push({ cut, frames: [] }),
      frame: (frame) => segments.at(-1)!.frames.push(frame),
      end: (ticks) => (segments.at(-1)!.ticks = ticks),
    },
  });
  const form = { sps: 1, shift: 0, rate: 0x4c };
  return {
    ...{ segments, form, segmenter },
    /** Pictures `from` up to `to`, each with a sound before it. */
    show(from: number, to: number, more: Partial<Frame> = {}): void {
      for (let n = from; n < to; n++) {
        const key = n % 25 === 0;
        const dts = n * pictureTicks + form.shift;
        const sets = [0, 0, 0, 1, 0x67, form.sps, 0, 0, 1, 0x68, 9];
        const slice = [0, 0, 1, key ? 0x65 : 0x41, 0x88];
        const payload = Buffer.from([...(key ? sets : []), ...slice]);
        const common = { pts: dts, dts, damaged: false, gapBefore: false };
        const sound = adtsFrame(20, n);
        sound[2] = form.rate;
        const wallMs = startMs + n * 40 + (n % 3) * 5;
        segmenter.take({ track: 1, key: false, ...common, payload: sound }, streams, wallMs);
        segmenter.take({ track: 0, key, ...common, payload, ...more }, streams, wallMs);
      }
    },
    told: () =>
      segments.map(({ cut, ticks, frames }) => [
        cut.discontinuity,
        ticks === undefined ? "open" : ticks / pictureTicks,
        frames.filter(({ track }) => track === 0).length,
      ]),
  };
}

test("segments begin with a keyframe, when the one before is long enough, and nothing is missing", () => {
  const programme = aProgramme();
  programme.show(7, 200);
  expect(programme.told()).toEqual([
    [true, 50, 50],
    [false, 50, 50],
    [false, 50, 50],
    [false, "open", 25],
  ]);
  for (const { frames } of programme.segments) expect(frames[0]!.key).toBe(true);
  // What came before the first keyframe.
  expect(programme.segmenter.unusablePictures).toBe(18);
});

test("the time of a segment is that of its first picture, freed of how late single ones came", () => {
  const programme = aProgramme();
  programme.show(0, 200);
  const times = programme.segments.map(({ cut }) => Math.round(cut.atMs - startMs));
  expect(times).toEqual([0, 2_000, 4_000, 6_000]);
});

test("where pictures are missing the segment ends, and the next says so", () => {
  const programme = aProgramme();
  programme.show(0, 60);
  programme.show(110, 160);
  expect(programme.told()).toEqual([
    [true, 50, 50],
    [false, 10, 10],
    [true, "open", 35],
  ]);
});

test("a damaged picture is not in any segment, nor what leans on it", () => {
  const programme = aProgramme();
  programme.show(0, 30);
  programme.show(30, 31, { damaged: true });
  programme.show(31, 100);
  expect(programme.told()).toEqual([
    [true, 30, 30],
    [true, "open", 50],
  ]);
});

test("times that jump back, or far ahead, begin anew", () => {
  const programme = aProgramme();
  programme.show(0, 30);
  programme.form.shift = -9e6;
  programme.show(50, 80);
  expect(programme.told()).toEqual([
    [true, 30, 30],
    [true, "open", 30],
  ]);
  const { cut } = programme.segments[1]!;
  expect(Math.round(cut.atMs - startMs)).toBeGreaterThanOrEqual(2_000);
  expect(Math.round(cut.atMs - startMs)).toBeLessThan(2_020);
});

test.each([
  ["picture", { sps: 2 }],
  ["sound", { rate: 0x50 }],
])("another form of the %s begins a segment at once, as a discontinuity", (_, change) => {
  const programme = aProgramme();
  programme.show(0, 25);
  Object.assign(programme.form, change);
  programme.show(25, 60);
  expect(programme.told()).toEqual([
    [true, 25, 25],
    [true, "open", 35],
  ]);
});
