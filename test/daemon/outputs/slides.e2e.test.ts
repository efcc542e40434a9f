/** Slides: pictures further apart than those of a film, with the real process of each output. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import * as HLS from "hls-parser";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../drivers/shared/engine/until.ts";

const program = new URL("../../../dist/output.cjs", import.meta.url).pathname;
const pictures = 24;
const pictureS = 1.5;

test("pictures 1.5 s apart are whole in HLS, in every size of a ladder and in a recording, where the relay waits 2 s for one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slides-"));
  const children: ChildProcess[] = [];
  onTestFinished(() => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  const lists = { segmentMs: 4_000, targetS: 6, windowMs: 120_000 };
  const ladder = { kind: "ladder", folder: join(folder, "ladder"), sizes: ["240p"], ...lists };
  const hls = { kind: "hls", folder: join(folder, "hls"), container: "fmp4", ...lists };
  const recording = {
    ...{ kind: "recording", folder: join(folder, "recording"), name: "show", container: "ts" },
    ...{ isMountPoint: false, fileMs: 12_000, keepMs: 3_600_000, leastFreeRatio: 0 },
  };
  const inputs = [ladder, hls, recording].map((target) => {
    const settings = { output: "web", run: "r", statusPort: 9, watchdogMs: 2_000, target };
    const child = spawn(process.execPath, [program, JSON.stringify(settings)], {
      stdio: ["pipe", "ignore", "inherit"],
    });
    children.push(child);
    child.stdin.on("error", () => undefined);
    return child.stdin;
  });
  // prettier-ignore
  const bytes = execFileSync("ffmpeg", ["-v", "error", "-nostdin",
    "-f", "lavfi", "-i", `testsrc2=size=640x360:rate=1/${pictureS}`,
    "-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", String(pictures * pictureS),
    "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "2", "-c:a", "aac",
    "-muxdelay", "0", "-muxpreload", "0", "-f", "mpegts", "-"], { maxBuffer: 2 ** 26 });
  const piece = Math.ceil(bytes.length / pictures);
  for (let at = 0; at < bytes.length; at += piece) {
    for (const input of inputs) input.write(bytes.subarray(at, at + piece));
    await pause(200);
  }
  const segmentsOf = (list: string) => {
    const file = join(folder, list);
    if (!existsSync(file)) return [];
    return (HLS.parse(readFileSync(file, "utf8")) as HLS.types.MediaPlaylist).segments;
  };
  for (const list of ["hls/index.m3u8", "ladder/source.m3u8", "ladder/240p.m3u8"]) {
    // The last keyframe ends the segment before it.
    const segments = await until(`${list} is whole`, () => {
      const there = segmentsOf(list);
      return there.length >= 4 ? there : undefined;
    });
    expect(segments.map(({ duration }) => duration)).toEqual(segments.map(() => 6));
    expect(segments.filter(({ discontinuity }) => discontinuity)).toEqual([]);
  }
  const [file] = readdirSync(recording.folder).filter((name) => name.endsWith(".ts"));
  // prettier-ignore
  const packets = execFileSync("ffprobe", ["-v", "error", "-select_streams", "v", "-count_packets",
    "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", join(recording.folder, file!)]);
  expect(packets.toString().trim().split("\n")[0]).toMatch(/^8\b/);
});
