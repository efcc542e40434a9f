import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as HLS from "hls-parser";
import { expect, onTestFinished, test } from "vitest";
import { HlsOutput } from "../../../daemon/outputs/hls-output.ts";
import { ListState, LiveList } from "../../../daemon/outputs/live-list.ts";
import { Segmenter } from "../../../daemon/outputs/segmenter.ts";
import { h264StreamType, spliceTrack } from "../../../daemon/relay/frame.ts";
import { spliceInsert } from "../../fakes/splices.ts";

const startMs = Date.UTC(2026, 0, 1);
/** A list of 2 s segments that holds 12 s. */
const aList = (state?: ListState) =>
  new LiveList({ windowS: 12, targetS: 2, ...(state && { state }) });

/** Two seconds of programme are added, when they have passed. */
function add(
  list: LiveList,
  more: { discontinuity?: boolean; map?: string; lengthS?: number } = {},
) {
  const n = list.next;
  const atMs = startMs + n * 2_000;
  const segment = { name: `${n}.ts`, lengthS: 2, atMs, discontinuity: false, bytes: 1, ...more };
  list.add(segment, atMs + 2_000);
}
const parsed = (list: LiveList) => HLS.parse(list.text()) as HLS.types.MediaPlaylist;
const times = (count: number, work: () => void) => Array.from({ length: count }, work);

test("what a reader gets: numbers, lengths, times, and no end", () => {
  const list = aList();
  times(3, () => add(list));
  const { segments, targetDuration, mediaSequenceBase, endlist } = parsed(list);
  expect([targetDuration, mediaSequenceBase, endlist]).toEqual([2, 0, false]);
  expect(segments.map(({ uri, duration }) => [uri, duration])).toEqual([
    ["0.ts", 2],
    ["1.ts", 2],
    ["2.ts", 2],
  ]);
  expect(segments[2]!.programDateTime).toEqual(new Date(startMs + 4_000));
});

test("the list holds its window, and what has left it is kept for whoever is still reading", () => {
  const list = aList();
  times(9, () => add(list));
  const { segments, mediaSequenceBase } = parsed(list);
  expect([mediaSequenceBase, segments.length]).toEqual([3, 6]);
  expect([...list.files]).toContain("0.ts");
  // Its own length, and that of the longest list it was in: 2 s and 14 s after it left at 14 s.
  const leftMs = startMs + 14_000;
  expect(list.expire(leftMs + 15_999)).toEqual([]);
  expect(list.expire(leftMs + 16_000)).toEqual(["0.ts"]);
  expect([...list.files]).not.toContain("0.ts");
});

test("a window that is too short for players is not followed", () => {
  const list = new LiveList({ windowS: 1, targetS: 2 });
  times(9, () => add(list));
  expect(parsed(list).segments).toHaveLength(3);
});

test("a discontinuity is counted when it leaves the list", () => {
  const list = aList();
  add(list);
  add(list, { discontinuity: true });
  times(5, () => add(list));
  expect(list.text()).toContain("#EXT-X-DISCONTINUITY\n");
  expect(list.text()).toContain("#EXT-X-DISCONTINUITY-SEQUENCE:0\n");
  add(list);
  expect(list.text()).not.toContain("#EXT-X-DISCONTINUITY\n");
  expect(list.text()).toContain("#EXT-X-DISCONTINUITY-SEQUENCE:1\n");
});

test("told from a later segment on, each has the number that it has in the whole list", () => {
  const list = aList();
  add(list);
  add(list, { discontinuity: true });
  add(list, { discontinuity: true });
  const late = list.text("480p-", 2);
  expect(late).toContain("#EXT-X-MEDIA-SEQUENCE:2\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n");
  expect(late).toContain("#EXT-X-DISCONTINUITY\n");
  expect(late).toContain("480p-2.ts\n");
  expect(late).not.toContain("480p-1.ts\n");
});

test("another process goes on where one ended, whatever it was", () => {
  const list = aList();
  times(9, () => add(list, { discontinuity: list.next === 2 }));
  const kept = ListState.parse(JSON.parse(JSON.stringify(list.state)));
  const next = aList(kept);
  expect(next.text()).toBe(list.text());
  add(next, { discontinuity: true });
  expect(parsed(next)).toMatchObject({ mediaSequenceBase: 4, discontinuitySequenceBase: 1 });
});

test("without what is known of it a list begins above all numbers that were seen", () => {
  const list = new LiveList({ windowS: 12, targetS: 2, from: 41 });
  add(list);
  expect(parsed(list)).toMatchObject({
    ...{ mediaSequenceBase: 41, discontinuitySequenceBase: 41 },
  });
});

test("each map stands where it begins, and goes with the last segment that needs it", () => {
  const list = aList();
  times(3, () => add(list, { map: "0.mp4" }));
  times(2, () => add(list, { map: "3.mp4" }));
  const maps = parsed(list).segments.map(({ map }) => map?.uri);
  expect(maps).toEqual(["0.mp4", "0.mp4", "0.mp4", "3.mp4", "3.mp4"]);
  times(9, () => add(list, { map: "3.mp4" }));
  // The first line that needs it is not the first of the list any more.
  expect(list.text().match(/MAP/g)).toHaveLength(1);
  expect(list.expire(startMs + 3_600_000)).toContain("0.mp4");
  expect([...list.files]).toContain("3.mp4");
});

test("a segment that is longer than was thought raises what players are told, for good", () => {
  const list = aList();
  add(list, { lengthS: 5.6 });
  times(20, () => add(list));
  expect(parsed(list).targetDuration).toBe(6);
});

const hex = (section: Buffer) => `0x${section.toString("hex").toUpperCase()}`;
const rangesIn = (text: string) => text.match(/^#EXT-X-DATERANGE:.*$/gm) ?? [];

test("a splice is told once until it is over: when it begins, how long it is to be, and its end", () => {
  let list = aList();
  add(list);
  const [out, back] = [
    spliceInsert({ event: 7, pts: 0 }),
    spliceInsert({ event: 7, pts: 9, isOut: false }),
  ];
  expect(list.splice(out, startMs + 4_000)).toBe(true);
  // Repeated, with a time that was measured anew.
  expect(list.splice(out, startMs + 4_003)).toBe(false);
  const id = `ID="splice-7-${startMs + 4_000}",START-DATE="2026-01-01T00:00:04.000Z"`;
  const begins = `#EXT-X-DATERANGE:${id},PLANNED-DURATION=30.000,SCTE35-OUT=${hex(out)}`;
  expect(rangesIn(list.text())).toEqual([begins]);
  // Another process goes on with it.
  list = aList(ListState.parse(JSON.parse(JSON.stringify(list.state))));
  expect(list.splice(back, startMs + 10_500)).toBe(true);
  expect(list.splice(back, startMs + 10_500)).toBe(false);
  const ends = `#EXT-X-DATERANGE:${id},DURATION=6.500,SCTE35-IN=${hex(back)}`;
  expect(rangesIn(list.text())).toEqual([begins, ends]);
  times(8, () => add(list));
  expect(parsed(list).segments).toHaveLength(6);
  expect(rangesIn(list.text())).toHaveLength(2);
  times(4, () => add(list));
  expect(rangesIn(list.text())).toEqual([]);
});

test("one that is cancelled is told no more; a signal for nothing that is known is no news", () => {
  const list = aList();
  add(list);
  const cancelled = spliceInsert({ event: 7, pts: 0 });
  cancelled[18] = 0xff;
  expect(list.splice(cancelled, startMs)).toBe(false);
  expect(list.splice(spliceInsert({ event: 7, pts: 0, isOut: false }), startMs)).toBe(false);
  list.splice(spliceInsert({ event: 7, pts: 0 }), startMs + 4_000);
  expect(list.splice(cancelled, startMs)).toBe(true);
  expect(rangesIn(list.text())).toEqual([]);
});

/** Parameter sets of 320 x 180 in Baseline, and an IDR slice. */
const keyframe = Buffer.from(
  "000000016742c00cda0505ba6a02020280" + "0000000168ce3c80" + "0000016588",
  "hex",
);

test.each(["ts", "fmp4"] as const)(
  "in a list of %s segments a splice has the date of its picture",
  (container) => {
    const folder = mkdtempSync(join(tmpdir(), "hls-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const own = { folder, container, windowMs: 20_000, targetS: 2 };
    const sink = new HlsOutput({ ...own, nowMs: () => startMs });
    const segmenter = new Segmenter({ segmentMs: 1_000, sink });
    const streams = [{ streamType: h264StreamType, descriptors: Buffer.alloc(0) }];
    const at = (n: number) => 900_000 + n * 9_000;
    const whole = { damaged: false, gapBefore: false };
    for (let n = 0; n < 25; n++) {
      const key = n % 10 === 0;
      const times = { pts: at(n), dts: at(n) };
      const payload = key ? keyframe : Buffer.from([0, 0, 0, 1, 0x41, 0x9a]);
      segmenter.take({ track: 0, ...times, key, ...whole, payload }, streams, startMs + n * 100);
      const section = spliceInsert({ event: 7, pts: at(43) });
      const told = { track: spliceTrack, ...times, key: false, ...whole, payload: section };
      if (n === 13) segmenter.take(told, streams, startMs + n * 100);
    }
    const text = readFileSync(join(folder, "index.m3u8"), "utf8");
    expect(rangesIn(text)).toHaveLength(1);
    expect(rangesIn(text)[0]).toContain('START-DATE="2026-01-01T00:00:04.300Z"');
    expect((HLS.parse(text) as HLS.types.MediaPlaylist).segments).toHaveLength(2);
  },
);
