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

const blockSamples = 480;

/**
 * How far one steady tone is from steady: the most that its level changes in 10 ms, as a part of it,
 * and that its phase moves, ms. Each block holds whole cycles of a tone of a multiple of 100 Hz.
 */
export function unsteadiness(
  samples: Float32Array,
  hz: number,
): { level: number; movesMs: number } {
  const step = (2 * Math.PI * hz) / toneRateHz;
  const blocks: { level: number; phase: number }[] = [];
  for (let from = 0; from + blockSamples <= samples.length; from += blockSamples) {
    let [re, im] = [0, 0];
    for (let n = from; n < from + blockSamples; n++) {
      re += samples[n]! * Math.cos(step * n);
      im += samples[n]! * Math.sin(step * n);
    }
    blocks.push({ level: Math.hypot(re, im), phase: Math.atan2(im, re) });
  }
  let [level, movesMs] = [0, 0];
  for (const [n, block] of blocks.entries()) {
    const before = blocks[n - 1] ?? block;
    const turn = block.phase - before.phase;
    const shortest = Math.abs(Math.atan2(Math.sin(turn), Math.cos(turn)));
    level = Math.max(level, Math.abs(block.level / before.level - 1));
    movesMs = Math.max(movesMs, (1_000 * shortest) / (2 * Math.PI * hz));
  }
  return { level, movesMs };
}
