import { expect, test } from "vitest";
import { leadingUnits } from "../../../../daemon/relay/ts/annex-b.ts";
import { userDataIn } from "../../../../daemon/relay/ts/user-data.ts";
import { activeFormat, caption, userData } from "../../../fakes/captions.ts";

test("caption data is seen, also where it says nothing for a moment", () => {
  for (const letters of ["AB", null]) {
    expect(userDataIn(caption(letters))).toEqual({ captions: true, activeFormat: false });
  }
});

test("captions that are told to be ignored, or of which there are none, are no captions", () => {
  for (const flags of [0x01, 0x40]) {
    const unit = userData([...Buffer.from("GA94"), 3, flags, 0xff, 0xfc, 0x41, 0x42, 0xff]);
    expect(userDataIn(unit)).toMatchObject({ captions: false });
  }
});

test("the active format is seen, and only where there is one", () => {
  expect(userDataIn(activeFormat)).toEqual({ captions: false, activeFormat: true });
  const none = userData([...Buffer.from("DTG1"), 0x01]);
  expect(userDataIn(none)).toEqual({ captions: false, activeFormat: false });
});

test("several messages in one unit, and bytes that an encoder had to escape, are read", () => {
  const [first, second] = [activeFormat, caption("AB")].map((unit) => unit.subarray(1, -1));
  const both = Buffer.concat([Buffer.from([6]), first!, second!, Buffer.from([0x80])]);
  expect(userDataIn(both)).toEqual({ captions: true, activeFormat: true });
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
