import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { annexBUnits, leadingUnits } from "../../../../daemon/relay/ts/annex-b.ts";
import { pictureSet } from "../../../../daemon/relay/ts/sps.ts";
import { userDataIn } from "../../../../daemon/relay/ts/user-data.ts";
import { activeFormat, caption, userData } from "../../../fakes/captions.ts";
import { pictures, timed, withTimecode } from "../../../fakes/timecode.ts";

const none = { captions: false, activeFormat: false, timecode: false };

test("caption data is seen, also where it says nothing for a moment", () => {
  for (const letters of ["AB", null]) {
    expect(userDataIn(caption(letters))).toEqual({ ...none, captions: true });
  }
});

test("captions that are told to be ignored, or of which there are none, are no captions", () => {
  for (const flags of [0x01, 0x40]) {
    const unit = userData([...Buffer.from("GA94"), 3, flags, 0xff, 0xfc, 0x41, 0x42, 0xff]);
    expect(userDataIn(unit)).toMatchObject({ captions: false });
  }
});

test("the active format is seen, and only where there is one", () => {
  expect(userDataIn(activeFormat)).toEqual({ ...none, activeFormat: true });
  const empty = userData([...Buffer.from("DTG1"), 0x01]);
  expect(userDataIn(empty)).toEqual(none);
});

const hasTimecode = (stream: Buffer) => {
  const units = annexBUnits(stream);
  const { delayBits } = pictureSet(units.find((unit) => (unit[0]! & 31) === 7)!)!;
  return units.filter((unit) => userDataIn(unit, delayBits)?.timecode).length;
};

test.each([
  ["with a reference decoder", timed()],
  ["without one", ["-x264-params", "pic-struct=1"]],
])("timecode is seen in each picture that has one, %s, as ffprobe sees it", (_, more) => {
  const plain = pictures(4, more);
  expect(hasTimecode(plain)).toBe(0);
  const stream = withTimecode(plain);
  expect(hasTimecode(stream)).toBe(4);
  const input = stream;
  const probe = ["-v", "error", "-show_frames", "-show_entries", "frame=:side_data=", "-f", "h264"];
  const seen = execFileSync("ffprobe", [...probe, "-of", "json", "pipe:0"], { input });
  const codes = seen.toString().match(/\d\d:\d\d:\d\d:\d\d/g);
  expect([...new Set(codes)]).toEqual(["10:00:00:00", "10:00:00:01", "10:00:00:02", "10:00:00:03"]);
});

test("pictures whose set does not tell how they are timed have no timecode", () => {
  expect(hasTimecode(pictures(2, []))).toBe(0);
});

test("several messages in one unit, and bytes that an encoder had to escape, are read", () => {
  const [first, second] = [activeFormat, caption("AB")].map((unit) => unit.subarray(1, -1));
  const both = Buffer.concat([Buffer.from([6]), first!, second!, Buffer.from([0x80])]);
  expect(userDataIn(both)).toEqual({ ...none, captions: true, activeFormat: true });
  // 0 0 3 stands for 0 0: here a time in front of it, of pic_timing.
  const escaped = Buffer.from([6, 1, 4, 0, 0, 3, 1, 2, ...second!, 0x80]);
  expect(userDataIn(escaped)).toMatchObject({ captions: true });
});

test("what is cut off, of another owner or no such message is nothing", () => {
  expect(userDataIn(caption("AB").subarray(0, 10))).toMatchObject({ captions: false });
  const other = caption("AB");
  other[3] = 0xb4;
  expect(userDataIn(other)).toMatchObject({ captions: false });
  expect(userDataIn(Buffer.from([0x67, 1, 2, 3]))).toBe(undefined);
  for (let length = 1; length < 20; length++) userDataIn(Buffer.alloc(length, 0xff).fill(6, 0, 1));
});

test("of an access unit only what stands before its first slice is looked at", () => {
  const unit = (...bytes: number[]) => [0, 0, 1, ...bytes];
  const bytes = Buffer.from([
    ...unit(9, 0xf0),
    ...unit(6, 1, 1, 0),
    ...unit(0x65, 0x88),
    ...unit(6),
  ]);
  expect(leadingUnits(bytes).map((u) => u[0]! & 31)).toEqual([9, 6]);
});
