import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { concatList, partsOf } from "../../../hub/cli/recording-parts.ts";

test("ffmpeg joins a programme's parts by the list, whatever their names", () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-parts-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = ["a.mp4", "it's b.mp4"].map((name) => join(folder, name));
  for (const file of files) {
    const picture = ["-f", "lavfi", "-i", "color=s=64x36:r=10:d=1"];
    execFileSync("ffmpeg", ["-v", "error", ...picture, "-c:v", "libx264", file]);
  }
  const at = "2026-11-22T20:10:00.000Z";
  const moved = { openedAt: at, closedAt: at, cause: "frozen", outcome: "tookOver" as const };
  const parts = partsOf([{ ...moved, from: "a", to: "b", offAirMs: 0 }]);
  const list = join(folder, "list.txt");
  writeFileSync(list, concatList(parts, files));
  const whole = join(folder, "whole.mp4");
  const from = ["-f", "concat", "-safe", "0", "-i", list];
  execFileSync("ffmpeg", ["-v", "error", ...from, "-c", "copy", whole]);
  const asked = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", whole];
  const seconds = Number(execFileSync("ffprobe", asked, { encoding: "utf8" }));
  expect(seconds).toBeCloseTo(2, 1);
});
