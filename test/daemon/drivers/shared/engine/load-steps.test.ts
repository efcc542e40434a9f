/** What makes a software encoder work less, in which order, and what is never offered. */
import { expect, test } from "vitest";
import { ffmpegArguments } from "../../../../../daemon/drivers/ffmpeg/arguments.ts";
import { FfmpegOptions } from "../../../../../daemon/drivers/ffmpeg/options.ts";
import { gstreamerArguments } from "../../../../../daemon/drivers/gstreamer/arguments.ts";
import { GstreamerOptions } from "../../../../../daemon/drivers/gstreamer/options.ts";
import { loadsOf, loadSteps } from "../../../../../daemon/drivers/shared/engine/load-steps.ts";
import { withSettings } from "../../../../../daemon/drivers/shared/engine/made-settings.ts";

const video = { width: 1_920, height: 1_080, framesPerSecond: 50 };
const pulled = { kind: "udp", url: "udp://239.1.1.1:5000" };
const options = (more = {}) => FfmpegOptions.parse({ input: pulled, video, ...more });
const steps = (more = {}) => loadSteps(options(more)).map(({ what }) => what);

test("preset, bit rate, frame rate, size: each step keeps what those before it took", () => {
  expect(steps()).toEqual([
    "preset superfast",
    "preset superfast, 75 % of its bit rate",
    "preset superfast, 50 % of its bit rate",
    "preset superfast, 50 % of its bit rate, half its frame rate",
    "preset superfast, 50 % of its bit rate, half its frame rate, a picture of 1280x720",
  ]);
  const lowers = loadSteps(options()).map((step) => step.lowers);
  expect(lowers).toEqual([["effort"], ["bitrate"], ["bitrate"], ["frameRate"], ["size"]]);
  expect(loadSteps(options()).every(({ interrupts }) => interrupts)).toBe(true);
});

test("ffmpeg and GStreamer are started with the values of the step", () => {
  const to = { encoder: "a", address: "rtmp://127.0.0.1/live", streamKey: "key", keyGeneration: 1 };
  const lowest = loadsOf(options()).at(-1)!;
  const ffmpeg = ffmpegArguments(lowest, { ...to, progressPort: 1 }).join(" ");
  expect(ffmpeg).toContain("-c:v libx264 -preset superfast");
  expect(ffmpeg).toMatch(/-vf scale=1280:720\b/);
  expect(ffmpeg).toContain("-r 25 -g 50 -sc_threshold 0 -b:v 2000000 -maxrate 2000000");
  const small = loadsOf(GstreamerOptions.parse({ input: pulled, video })).at(-1)!;
  const gstreamer = gstreamerArguments(small, { ...to, progressPort: 1 }).join(" ");
  expect(gstreamer).toContain("width=1280,height=720,framerate=25/1");
  expect(gstreamer).toContain("speed-preset=superfast bitrate=2000");
});

test("at a session's settings each step means what was told of it, and none makes a picture smaller", () => {
  const session = { framesPerSecond: 5, videoBitrateBps: 3_000_000, widthPx: 1_280, heightPx: 720 };
  const of = options({ input: pulled, suspectAfterMs: 250 });
  const loads = loadsOf(of, withSettings(of, { ...session, gopFrames: 10 }));
  expect(loads).toHaveLength(loadSteps(of).length + 1);
  expect(loads[0].video).toMatchObject({ width: 1_280, framesPerSecond: 5, gopSeconds: 2 });
  expect(loads[3]!.video).toMatchObject({ bitrateBps: 1_500_000, preset: "superfast" });
  // Half of 5 frames a second would be taken for a freeze: this step takes nothing.
  expect(loads[4]!.video).toEqual(loads[3]!.video);
  expect(loads[5]!.video).toMatchObject({ width: 854, height: 480 });
});

test("where captions are declared the frame rate is never halved", () => {
  expect(steps({ captions: true }).filter((what) => what.includes("frame rate"))).toEqual([]);
});

test("a frame rate at which every frame would look like a freeze is not offered", () => {
  const slow = { ...video, framesPerSecond: 10 };
  expect(steps({ video: slow }).some((what) => what.includes("frame rate"))).toBe(false);
  const patient = { video: slow, suspectAfterMs: 500 };
  expect(steps(patient).some((what) => what.includes("frame rate"))).toBe(true);
});

test("of an input whose size nobody has written down no smaller one is offered", () => {
  expect(steps({ video: {} }).some((what) => what.includes("picture"))).toBe(false);
  const bars = { input: { kind: "testPattern" }, video: {} };
  expect(steps(bars).at(-1)).toContain("a picture of 854x480");
});

test("a programme that is only passed on, and the fastest preset, cannot be made easier", () => {
  expect(steps({ video: { codec: "copy" } })).toEqual([]);
  expect(steps({ video: { preset: "ultrafast" } })[0]).toBe("75 % of its bit rate");
  expect(steps({ video: { preset: "superfast" } })[0]).toBe("preset ultrafast");
});
