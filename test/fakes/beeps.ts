import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const sampleRateHz = 8_000;

export const steadyHz = 1_000;
/**
 * What is heard of a source, for ffmpeg's lavfi: left a tone that never changes, so that each joint
 * is found; right a beep that begins with each second.
 */
export const steadyAndBeeps =
  `sine=frequency=${steadyHz}:sample_rate=48000[left];` +
  "sine=frequency=330:beep_factor=3:sample_rate=48000[right];[left][right]amerge=inputs=2";
/** ffmpeg's other coder lets what is right be heard in what is left. */
export const cleanAac = ["-c:a", "aac", "-aac_coder", "fast", "-ac", "2", "-b:a", "64k"];

/**
 * How far sound and picture of a recording are apart, at each beep of {@link steadyAndBeeps}: the
 * beep begins with every second of the source, so with every `fps`-th picture. What is the same all
 * the time is the recording's own and is taken off.
 *
 * @param pictures in the order in which they are shown
 * @returns ms, the middle one of each three: a beep in which one encoder's sound goes over into the
 *   other's is bent by the codec
 */
export async function skewsOf(
  file: string,
  pictures: readonly { ptsMs: number; frame: number | undefined }[],
  fps: number,
): Promise<number[]> {
  let shown = 0;
  const raw = (await beepsIn(file)).flatMap((ms) => {
    while (pictures[shown + 1] && pictures[shown + 1]!.ptsMs <= ms) shown++;
    const { ptsMs, frame = NaN } = pictures[shown]!;
    const isBeside = ms >= ptsMs && ms < ptsMs + 1_000;
    return isBeside ? [(frame % fps) * (1_000 / fps) + ms - ptsMs] : [];
  });
  // Around the circle of a second.
  const [first = 0] = raw;
  const turned = raw.map((ms) => ((ms - first + 1_500) % 1_000) - 500);
  const middle = median(turned);
  return turned.slice(2).map((_, n) => median(turned.slice(n, n + 3)) - middle);
}

const median = (all: readonly number[]) => [...all].sort((a, b) => a - b)[all.length >> 1] ?? 0;

/** When each beep begins, ms of the recording's time. */
async function beepsIn(file: string): Promise<number[]> {
  // prettier-ignore
  const argv = ["-v", "error", "-copyts", "-i", file, "-map", "0:a:0", "-af",
    `pan=mono|c0=c1,aresample=${sampleRateHz}:async=1:first_pts=0,bandpass=f=990:width_type=h:w=200`,
    "-f", "f32le", "-"];
  const { stdout } = await run("ffmpeg", argv, { encoding: "buffer", maxBuffer: 2 ** 30 });
  const samples = new Float32Array(stdout.buffer, stdout.byteOffset, stdout.length >> 2);
  const each = sampleRateHz / 1_000;
  const loud = Array.from({ length: Math.floor(samples.length / each) }, (_, ms) =>
    Math.max(...samples.subarray(ms * each, (ms + 1) * each).map(Math.abs)),
  );
  const threshold = loud.reduce((most, level) => Math.max(most, level), 0) / 3;
  let heardMs = -Infinity;
  return loud.flatMap((level, ms) => {
    if (level < threshold) return [];
    const begins = ms - heardMs > quietMs && ms >= quietMs;
    heardMs = ms;
    return begins ? [ms] : [];
  });
}

/** There is at least so much between two beeps. */
const quietMs = 400;
