import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { annexBUnits } from "../../../../daemon/relay/ts/annex-b.ts";
import { pictureSet } from "../../../../daemon/relay/ts/sps.ts";

/** As x264 writes it. */
function setOf(size: string, more: readonly string[] = []): Buffer {
  // prettier-ignore
  const bytes = execFileSync("ffmpeg", [
    "-v", "error", "-f", "lavfi", "-i", `color=size=${size}:rate=25`, "-frames:v", "1",
    "-pix_fmt", "yuv420p", "-c:v", "libx264", ...more, "-f", "h264", "pipe:1",
  ]);
  return annexBUnits(bytes).find((unit) => (unit[0]! & 31) === 7)!;
}

test.each([
  ["1920x1080", 100, ["-profile:v", "high"]],
  ["854x480", 66, ["-profile:v", "baseline"]],
  ["320x180", 77, ["-profile:v", "main"]],
  ["1920x1080", 100, ["-flags", "+ilme+ildct", "-x264-params", "tff=1"]],
  ["640x360", 244, ["-profile:v", "high444", "-pix_fmt", "yuv444p"]],
  ["640x360", 122, ["-profile:v", "high422", "-pix_fmt", "yuv422p10le"]],
  ["640x360", 110, ["-profile:v", "high10", "-pix_fmt", "yuv420p10le"]],
  ["640x360", 100, ["-x264-params", "cqm=jvt"]],
] as const)("%s of profile %i, %j, is read as x264 wrote it", (size, profile, more) => {
  const [widthPx, heightPx] = size.split("x").map(Number);
  expect(pictureSet(setOf(size, more))).toEqual({
    widthPx,
    heightPx,
    interlaced: more.some((it) => it === "+ilme+ildct"),
    profile,
    plain: profile <= 100,
    colour: { primaries: null, transfer: null, matrix: null, fullRange: false },
    delayBits: more.some((it) => it === "+ilme+ildct") ? 0 : null,
  });
});

test.each([
  [["-color_primaries", "bt709"], { primaries: "bt709", transfer: null, matrix: null }],
  [
    ["-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc"],
    { primaries: "bt2020", transfer: "arib-std-b67", matrix: "bt2020nc" },
  ],
  [
    // Behind an odd shape of the pixels.
    ["-aspect", "2.2", "-color_trc", "gamma28", "-colorspace", "bt470bg", "-color_range", "pc"],
    { primaries: null, transfer: "bt470bg", matrix: "bt470bg", fullRange: true },
  ],
  [["-color_range", "tv"], { primaries: null, transfer: null, matrix: null }],
])("what %j tells of the colours is read", (more, colour) => {
  expect(pictureSet(setOf("320x180", more))!.colour).toEqual({ fullRange: false, ...colour });
});

test("what is cut off tells nothing", () => {
  expect(pictureSet(setOf("320x180").subarray(0, 6))).toBe(undefined);
});
