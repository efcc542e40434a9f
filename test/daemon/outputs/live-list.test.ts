import * as HLS from "hls-parser";
import { expect, test } from "vitest";
import { ListState, LiveList } from "../../../daemon/outputs/live-list.ts";

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
