import { expect, test } from "vitest";
import { asGstreamer } from "../../../../daemon/drivers/auto/as-gstreamer.ts";
import { AutoOptions } from "../../../../daemon/drivers/auto/options.ts";
import { GstreamerOptions } from "../../../../daemon/drivers/gstreamer/options.ts";

const udp = { kind: "udp", url: "udp://239.1.1.1:5000" };
const same = (options: Record<string, unknown>) =>
  asGstreamer(AutoOptions.parse({ input: udp, ...options }));

test("what is said of an encoder is said to GStreamer, and its schema takes all of it", () => {
  const video = { ...{ width: 640, height: 360, framesPerSecond: 50, bitrateBps: 1_000_000 } };
  const shared = {
    ...{ source: "camera", suspectAfterMs: 400, stopGraceMs: 2_000, outputs: ["x"] },
    limits: { cpuCores: 1 },
  };
  const audio = { codec: "none" };
  const found = same({ ...shared, video, audio, program: "/my/ffmpeg", gstLaunch: "/my/gst" });
  const wanted = { ...shared, input: udp, video, audio, program: "/my/gst" };
  expect(found).toEqual({ options: GstreamerOptions.parse(wanted) });
});

test.each([
  { kind: "testPattern", label: "Studio 1" },
  { kind: "srt", url: "srt://h:9000", streamId: "cam", passphrase: "ten letters" },
  { kind: "ingest", ingest: "stage" },
])("so is an input of kind $kind, and nothing else", (input) => {
  const wanted = GstreamerOptions.parse({ input });
  expect(same({ input })).toEqual({ options: wanted });
});

test.each([
  ["input.kind: file", { input: { kind: "file", path: "/a.mp4" } }],
  ["video.codec: copy", { video: { codec: "copy" } }],
  ["video.codec: h264_nvenc", { video: { codec: "h264_nvenc" } }],
  ["video.codec: auto", { video: { codec: "auto" } }],
  ["video.interlace: keep", { video: { interlace: "keep" } }],
  ["video.interlace: deinterlace", { video: { interlace: "deinterlace" } }],
  ["audio.codec: copy", { audio: { codec: "copy" } }],
  ["audio.tracks: 2", { audio: { tracks: 2 } }],
  ["audio.channels: keep", { audio: { channels: "keep" } }],
  ["captions: true", { captions: true }],
])("only ffmpeg does %s", (onlyFfmpeg, options) => {
  expect(same(options)).toEqual({ onlyFfmpeg });
});

test("a suspicion earlier than two and a half frames is refused as ffmpeg's is", () => {
  const options = { input: udp, suspectAfterMs: 200, video: { framesPerSecond: 10 } };
  expect(AutoOptions.safeParse(options).error?.issues[0]?.message).toBe(
    "is shorter than two and a half frames",
  );
});
