import { expect, test } from "vitest";
import { SpliceTap } from "../../../daemon/ingest/splice-tap.ts";
import { h264StreamType, spliceTrack } from "../../../daemon/relay/frame.ts";
import { Mux } from "../../../daemon/relay/ts/mux.ts";
import { spliceIn } from "../../../machines/stream/scte35.ts";
import { spliceInsert } from "../../fakes/splices.ts";
import { picture } from "../relay/pictures.ts";

const pictureTicks = 3_600;
const streams = [
  { streamType: h264StreamType, descriptors: Buffer.alloc(0), splices: true as const },
];

/** A source whose first picture has this time, and what the tap makes of it. */
function aTap(first: number) {
  const mux = new Mux(streams);
  const taken: { event: number | null; pts: number | null; stands: number }[] = [];
  let jumps = 0;
  const tap = new SpliceTap({
    take(section, stands) {
      const { eventId, pts } = spliceIn(section);
      taken.push({ event: eventId, pts, stands });
    },
    jumped: () => jumps++,
  });
  const timeOf = (n: number) => first + n * pictureTicks;
  return {
    tap,
    taken,
    timeOf,
    jumps: () => jumps,
    /** In pieces that end anywhere. */
    show: (from: number, to: number, splices: Record<number, number> = {}, more = 0): void => {
      for (let n = from; n < to; n++) {
        const dts = timeOf(n) + more;
        const event = splices[n];
        const payload = spliceInsert({ event: event ?? 0, pts: dts + 90_000 });
        const bytes = Buffer.concat([
          mux.write({ ...picture(n), pts: dts, dts }),
          ...(event === undefined
            ? []
            : [mux.write({ track: spliceTrack, key: false, pts: dts, dts, payload })]),
        ]);
        const kept = Buffer.from(bytes);
        for (let at = 0; at < bytes.length; at += 1_000) tap.feed(bytes.subarray(at, at + 1_000));
        // It goes on to ffmpeg as it came.
        expect(bytes).toEqual(kept);
      }
    },
  };
}

test("what comes before ffmpeg has said where it begins waits, and has its times then, over the wrap too", () => {
  const first = 2 ** 33 - 10 * pictureTicks;
  const { tap, taken, show, timeOf, jumps } = aTap(first);
  show(0, 5, { 2: 1, 3: 2 });
  expect(taken).toEqual([]);
  tap.offset = 1_000 - first;
  show(5, 20, { 15: 3 });
  const at = (n: number) => timeOf(n) - first + 1_000;
  expect(taken).toEqual(
    [
      [1, 2],
      [2, 3],
      [3, 15],
    ].map(([event, n]) => ({ event, pts: at(n!) + 90_000, stands: at(n!) })),
  );
  expect([tap.isThere, tap.damaged, jumps()]).toEqual([true, 0, 0]);
});

test("times that jump are told, and nothing is handed on with times that are guessed", () => {
  const { tap, taken, show, jumps } = aTap(900_000);
  tap.offset = 0;
  show(0, 5);
  show(5, 10, { 7: 1 }, -450_000);
  expect(jumps()).toBe(1);
  expect(taken).toEqual([]);
});

test("two behind one picture stand one after the other", () => {
  const { tap, taken, show } = aTap(900_000);
  tap.offset = 0;
  show(0, 1, { 0: 1 });
  const dts = 900_000;
  const mux = new Mux(streams, { continuity: [], pmtVersion: 0, tablesAt: dts, splices: 1 });
  const payload = spliceInsert({ event: 2, pts: 0 });
  tap.feed(mux.write({ track: spliceTrack, key: false, pts: dts, dts, payload }));
  expect(taken.map(({ event, stands }) => [event, stands])).toEqual([
    [1, 900_000],
    [2, 900_001],
  ]);
});
