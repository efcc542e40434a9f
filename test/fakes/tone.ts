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
    { encoding: "buffer", maxBuffer: 2 ** 31 },
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

const blockMs = 10;
const blockSamples = (blockMs * toneRateHz) / 1_000;
/** From one block to the next a tone changes by less than this part of its level, and moves by less, ms. */
const steady = { level: 0.05, movesMs: 0.05 };
/** What is nearer than this is one joint, blocks. */
const apartBlocks = 10;

/**
 * Where a steady tone is not steady: its level or its phase changes.
 * @param hz a multiple of 100, so that each block holds whole cycles
 */
export function jointsIn(
  samples: Float32Array,
  hz: number,
): { atMs: number; lengthMs: number; level: number; movesMs: number }[] {
  const step = (2 * Math.PI * hz) / toneRateHz;
  const joints: { from: number; to: number; level: number; movesMs: number }[] = [];
  let before: { level: number; phase: number } | undefined;
  for (let n = 0; (n + 1) * blockSamples <= samples.length; n++) {
    let [re, im] = [0, 0];
    for (let at = n * blockSamples; at < (n + 1) * blockSamples; at++) {
      re += samples[at]! * Math.cos(step * at);
      im += samples[at]! * Math.sin(step * at);
    }
    const block = { level: Math.hypot(re, im), phase: Math.atan2(im, re) };
    const turn = block.phase - (before ?? block).phase;
    const shortest = Math.abs(Math.atan2(Math.sin(turn), Math.cos(turn)));
    const level = Math.abs(block.level / (before ?? block).level - 1);
    const movesMs = (1_000 * shortest) / (2 * Math.PI * hz);
    before = block;
    if (level <= steady.level && movesMs <= steady.movesMs) continue;
    const last = joints.at(-1);
    if (last && n - last.to <= apartBlocks) {
      const most = { level: Math.max(level, last.level), movesMs: Math.max(movesMs, last.movesMs) };
      Object.assign(last, { to: n, ...most });
    } else joints.push({ from: n, to: n, level, movesMs });
  }
  return joints.map(({ from, to, level, movesMs }) => ({
    ...{ atMs: from * blockMs, lengthMs: (to + 1 - from) * blockMs, level, movesMs },
  }));
}
