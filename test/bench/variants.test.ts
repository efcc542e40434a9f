import { expect, test } from "vitest";
import { expanded, parseVariant } from "./variants.ts";

test("a variant is read as it is written", () => {
  expect(parseVariant("1280x720@29.97/2.5Mbps/x264enc")).toEqual({
    ...{ name: "1280x720@29.97/2.5Mbps/x264enc", codec: "x264enc" },
    ...{ width: 1280, height: 720, framesPerSecond: 29.97, bitrateBps: 2_500_000 },
  });
});

test.each([
  ["1281x720@25/3Mbps/libx264", /^width of 1281x.*multiple of 2/],
  ["1280x@25/3Mbps/libx264", /^height of/],
  ["1280x720@fast/3Mbps/libx264", /^framesPerSecond of/],
  ["1280x720@5/3Mbps/libx264", /^framesPerSecond of .*>=10/],
  ["1280x720@25/3/libx264", /^bitrate of .*"3" is not a bit rate like/],
  ["1280x720@25/3Gbps/libx264", /^bitrate of .*at most 100Mbps/],
  ["1280x720@25/3Mbps/hevc", /^codec of .*libx264/],
  ["1280x720/libx264", /no variant like 1280x720@30/],
])("what is wrong with %s is said by its field", (text, said) => {
  expect(() => parseVariant(text)).toThrow(said);
});

test("a batch has each picture with each bit rate and each codec, once", () => {
  const pictures = ["640x360@25", "1280x720@50"];
  const bitrates = ["1Mbps", "3Mbps", "8Mbps"];
  const names = expanded({ pictures, bitrates, codecs: ["libx264", "x264enc"] }).map(
    ({ name }) => name,
  );
  expect(new Set(names).size).toBe(12);
  expect(names).toContain("1280x720@50/8Mbps/x264enc");
});
