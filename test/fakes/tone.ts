/** What is heard of a recording: by a real decoder, sample for sample. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export const toneRateHz = 48_000;

/**
 * One sound of a file as samples from -1 to 1.
 * @param channel from 0; undefined: of its only one
 */
export async function samplesOf(file: string, sound = 0, channel = 0): Promise<Float32Array> {
  const { stdout } = await promisify(execFile)(
    "ffmpeg",
    // prettier-ignore
    ["-v", "error", "-i", file, "-map", `0:a:${sound}`, "-af", `pan=mono|c0=c${channel}`,
      "-ar", String(toneRateHz), "-f", "f32le", "-"],
    { encoding: "buffer", maxBuffer: 2 ** 28 },
  );
  const whole = stdout.subarray(0, stdout.length & ~3);
  return new Float32Array(new Uint8Array(whole).buffer);
}

/** How strong one frequency is in it, from 0 to 1 for a full tone. */
export function strengthOf(samples: Float32Array, hz: number): number {
  let [re, im] = [0, 0];
  const step = (2 * Math.PI * hz) / toneRateHz;
  for (const [n, sample] of samples.entries()) {
    re += sample * Math.cos(step * n);
    im += sample * Math.sin(step * n);
  }
  return (2 * Math.hypot(re, im)) / samples.length;
}
