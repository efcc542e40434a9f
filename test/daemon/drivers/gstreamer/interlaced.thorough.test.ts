import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { inputBranches } from "../../../../daemon/drivers/gstreamer/input.ts";
import { GstreamerOptions } from "../../../../daemon/drivers/gstreamer/options.ts";
import { lookAtScan } from "../../../../daemon/scan/look-at-scan.ts";
import { interlacedPictures, interlacedSource } from "../../../fakes/interlaced.ts";

test("of interlaced pictures that are flagged GStreamer makes a progressive one of each", async () => {
  const folder = mkdtempSync(join(tmpdir(), "interlaced-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [path, out] = [join(folder, "in.ts"), join(folder, "out.ts")];
  const make = ["-v", "error", ...interlacedSource, "-t", "3", ...interlacedPictures(true), path];
  execFileSync("ffmpeg", make);
  const input = { kind: "file", path };
  const { before, video } = inputBranches(
    GstreamerOptions.parse({ input, audio: { codec: "none" } }),
    undefined,
  );
  const encoded = ["x264enc", "speed-preset=ultrafast", "!", "mpegtsmux", "!", "filesink"];
  execFileSync("gst-launch-1.0", [
    ...["-q", ...before, ...video, "!", ...encoded, `location=${out}`],
  ]);
  expect(await lookAtScan(["-i", out])).toBe("progressive");
  const count = ["-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets"];
  const frames = execFileSync("ffprobe", [...count, "-of", "csv=p=0", out], { encoding: "utf8" });
  expect(Number.parseInt(frames, 10)).toBe(75);
});
