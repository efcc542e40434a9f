import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readBarCode } from "./picture.ts";

const run = promisify(execFile);
const maxBuffer = 2 ** 30;
const sampleRateHz = 8_000;
/** A beep is looked for in steps of this, ms. */
const stepMs = 1;

/**
 * How far sound and picture of a recording are apart, at each beep of {@link startSharedSource}: the
 * beep begins with every second of the source, so with every `fps`-th picture. What is the same all
 * the time is the recording's own and is taken off.
 *
 * @returns ms, one for each beep
 */
export async function skewsOf(file: string, fps: number): Promise<number[]> {
  const [beeps, pictures] = [await beepsIn(file), await picturesIn(file)];
  const raw = beeps.flatMap((ms) => {
    const before = pictures.findLast((picture) => picture.ms <= ms);
    return before ? [(before.frame % fps) * (1_000 / fps) + ms - before.ms] : [];
  });
  // Around the circle of a second.
  const [first = 0] = raw;
  const turned = raw.map((ms) => ((ms - first + 1_500) % 1_000) - 500);
  const middle = [...turned].sort((a, b) => a - b)[turned.length >> 1] ?? 0;
  return turned.map((ms) => ms - middle);
}

/** When each beep begins, ms of the recording's time. */
async function beepsIn(file: string): Promise<number[]> {
  // prettier-ignore
  const argv = ["-v", "error", "-copyts", "-i", file, "-map", "0:a:0", "-af",
    `aresample=${sampleRateHz}:async=1:first_pts=0,bandpass=f=990:width_type=h:w=200`,
    "-ac", "1", "-f", "f32le", "-"];
  const { stdout } = await run("ffmpeg", argv, { encoding: "buffer", maxBuffer });
  const samples = new Float32Array(stdout.buffer, stdout.byteOffset, stdout.length >> 2);
  const step = (sampleRateHz * stepMs) / 1_000;
  const loud = Array.from({ length: Math.floor(samples.length / step) }, (_, n) =>
    Math.max(...samples.subarray(n * step, (n + 1) * step).map(Math.abs)),
  );
  const threshold = Math.max(...loud) / 3;
  return loud.flatMap((level, n) => {
    const quietBefore = loud.slice(Math.max(0, n - 400), n).every((other) => other < threshold);
    return level >= threshold && n >= 400 && quietBefore ? [n * stepMs] : [];
  });
}

/** The frame number of each picture and its time, ms. */
async function picturesIn(file: string): Promise<{ ms: number; frame: number }[]> {
  // prettier-ignore
  const timed = await run("ffprobe", ["-v", "error", "-select_streams", "v:0", "-show_entries",
    "frame=pts_time", "-of", "csv=p=0", file], { maxBuffer });
  const times = timed.stdout.split("\n").map(parseFloat).filter(Number.isFinite);
  // prettier-ignore
  const shown = await run("ffmpeg", ["-v", "error", "-i", file, "-an", "-fps_mode", "passthrough",
    "-vf", "scale=64:40:flags=area,format=gray", "-f", "rawvideo", "-"], { encoding: "buffer", maxBuffer });
  return times.flatMap((time, n) => {
    const code = readBarCode(shown.stdout.subarray(n * 2_560, (n + 1) * 2_560));
    return code ? [{ ms: time * 1_000, frame: code.frame }] : [];
  });
}
