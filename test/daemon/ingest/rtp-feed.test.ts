import { expect, test } from "vitest";
import { Clocks, type Report, type Track } from "../../../daemon/ingest/rtp-feed.ts";

const both: readonly Track[] = ["video", "audio"];
/** Seconds between two times of one clock map. */
const apartS = (clocks: ReadonlyMap<Track, Report> | undefined) =>
  Number(clocks!.get("audio")!.ntp - clocks!.get("video")!.ntp) / 2 ** 32;

test("picture and sound belong together by the clocks that the publisher tells", () => {
  const clocks = new Clocks();
  clocks.packet("video", { timestamp: 7 }, 1_000);
  clocks.packet("audio", { timestamp: 9 }, 1_400);
  expect(clocks.known(both, 1_500)).toBeUndefined();
  clocks.report("video", { ntp: 100n << 32n, timestamp: 5 });
  expect(clocks.known(both, 1_600)).toBeUndefined();
  clocks.report("audio", { ntp: 103n << 32n, timestamp: 6 });
  expect(apartS(clocks.known(both, 1_700))).toBe(3);
});

test("whoever tells no clock in time is judged by when its packets came", () => {
  const clocks = new Clocks();
  clocks.packet("video", { timestamp: 7 }, 1_000);
  clocks.packet("audio", { timestamp: 9 }, 1_400);
  clocks.report("video", { ntp: 100n << 32n, timestamp: 5 });
  expect(clocks.known(both, 4_900)).toBeUndefined();
  expect(apartS(clocks.known(both, 5_100))).toBeCloseTo(0.4, 6);
});

test("a publisher without sound needs one clock", () => {
  const clocks = new Clocks();
  clocks.packet("video", { timestamp: 7 }, 1_000);
  clocks.report("video", { ntp: 1n, timestamp: 7 });
  expect(clocks.known(["video"], 1_100)?.get("video")).toEqual({ ntp: 1n, timestamp: 7 });
});
