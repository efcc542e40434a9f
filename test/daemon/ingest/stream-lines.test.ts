import { expect, test } from "vitest";
import { audioIn, videoIn } from "../../../daemon/ingest/stream-lines.ts";

test("what ffmpeg says of a sound is its codec, rate, channels and language, as far as it is told", () => {
  const sound = (line: string) => audioIn(`[info]   Stream #0:${line}`);
  expect(
    sound(
      "1[0x101](deu): Audio: aac (LC) ([15][0][0][0] / 0x000F), 48000 Hz, stereo, fltp, 69 kb/s",
    ),
  ).toEqual({ codec: "aac", sampleRateHz: 48_000, channels: 2, language: "deu" });
  expect(
    sound("2[0x102](eng): Audio: ac3 ([129][0][0][0] / 0x0081), 48000 Hz, 5.1(side), fltp"),
  ).toEqual({ codec: "ac3", sampleRateHz: 48_000, channels: 6, language: "eng" });
  expect(sound("1: Audio: aac (HE-AAC), 44100 Hz, mono, fltp")).toEqual({
    ...{ codec: "aac", sampleRateHz: 44_100, channels: 1 },
  });
  expect(sound("1(und): Audio: opus, 48000 Hz, 7 channels, fltp")).toEqual({
    ...{ codec: "opus", sampleRateHz: 48_000, channels: 7 },
  });
  expect(sound("0: Video: h264 (High), yuv420p, 320x180, 25 fps")).toBe(undefined);
  expect(videoIn("[info]   Stream #0:0: Video: h264 (High), yuv420p, 320x180, 25 fps")).toEqual({
    ...{ codec: "h264", widthPx: 320, heightPx: 180, framesPerSecond: 25 },
  });
});

test.each([
  ["yuv420p", undefined],
  ["yuv420p(progressive)", "progressive"],
  ["yuv420p(tv, bt709, progressive)", "progressive"],
  ["yuv420p(top first)", "interlaced"],
  ["yuv420p(tv, bt470bg/unknown/unknown, bottom first)", "interlaced"],
  ["yuv420p(tv, top coded first (swapped))", "interlaced"],
] as const)("pictures that are told as %s are flagged %s", (format, scan) => {
  const line = `[info]   Stream #0:0[0x100]: Video: h264 (Main), ${format}, 720x576, 25 fps`;
  expect(videoIn(line)?.scan).toBe(scan);
});

test.each([
  ["yuv420p(tv, bt709, progressive)", ["bt709", "bt709", "bt709", false]],
  ["yuvj420p(pc, bt709, top first)", ["bt709", "bt709", "bt709", true]],
  ["yuv420p(tv, bt2020nc/bt2020/arib-std-b67)", ["bt2020", "arib-std-b67", "bt2020nc", false]],
  ["yuv420p(bt470bg/unknown/unknown, progressive)", [null, null, "bt470bg", false]],
  ["yuvj420p(pc, progressive)", [null, null, null, true]],
  ["yuv420p(top coded first (swapped))", undefined],
  ["yuv420p(progressive)", undefined],
  ["yuv420p", undefined],
] as const)("of pictures that are told as %s the colour is %j", (format, colour) => {
  const [primaries, transfer, matrix, fullRange] = colour ?? [];
  const line = `[info]   Stream #0:0[0x100]: Video: h264 (Main), ${format}, 720x576, 25 fps`;
  const told = colour && { primaries, transfer, matrix, fullRange };
  expect(videoIn(line)?.colour).toEqual(told);
});
