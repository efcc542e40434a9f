import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { annexBUnits } from "../../../../daemon/relay/ts/annex-b.ts";
import { pictureSet } from "../../../../daemon/relay/ts/sps.ts";

/** As x264 writes it. */
function setOf(size: string, more: string[] = []): Buffer {
  // prettier-ignore
  const bytes = execFileSync("ffmpeg", [
    "-v", "error", "-f", "lavfi", "-i", `color=size=${size}:rate=25`, "-frames:v", "1",
    "-pix_fmt", "yuv420p", "-c:v", "libx264", ...more, "-f", "h264", "pipe:1",
  ]);
  return annexBUnits(bytes).find((unit) => (unit[0]! & 31) === 7)!;
}

test.each([
  ["1920x1080", ["-profile:v", "high"]],
  ["854x480", ["-profile:v", "baseline"]],
  ["320x180", ["-profile:v", "main"]],
  ["1920x1080", ["-flags", "+ilme+ildct", "-x264-params", "tff=1"]],
  ["640x360", ["-profile:v", "high444", "-pix_fmt", "yuv444p"]],
  ["640x360", ["-profile:v", "high422", "-pix_fmt", "yuv422p10le"]],
  ["640x360", ["-x264-params", "cqm=jvt"]],
])("size and scan of %s %j are read as x264 wrote them", (size, more) => {
  const [widthPx, heightPx] = size.split("x").map(Number);
  expect(pictureSet(setOf(size, more))).toEqual({
    widthPx,
    heightPx,
    interlaced: more.includes("+ilme+ildct"),
  });
});

test("what is cut off tells nothing", () => {
  expect(pictureSet(setOf("320x180").subarray(0, 6))).toBe(undefined);
});
