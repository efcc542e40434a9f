import type { EncoderReading } from "../../../machines/encoder/reading.ts";
import type { Engine } from "./engine.ts";

type Sample = { run: string; bytes: number; atMs: number; bitrateBps?: number };
/** What each output had sent when it was last looked at. */
export type FigureMemory = Map<string, Sample>;

/** Shorter spans make a bit rate of single frames. */
const leastSpanMs = 900;
const source = "ffmpeg progress";

/** Over all outputs: bits, bytes and drops add up, the slowest gives the frame rate. */
export function figuresOf(
  engines: ReadonlyMap<string, Pick<Engine, "progressBlock">>,
  memory: FigureMemory,
  nowMs: number,
): EncoderReading["figures"] {
  const values: Record<
    "bitrateBps" | "framesPerSecond" | "droppedFrames" | "outputBytes",
    number[]
  > = { bitrateBps: [], framesPerSecond: [], droppedFrames: [], outputBytes: [] };
  for (const [output, engine] of engines) {
    const progress = engine.progressBlock();
    if (!progress) continue;
    const { framesPerSecond, droppedFrames, totalSizeBytes } = progress.block;
    if (framesPerSecond !== undefined) values.framesPerSecond.push(framesPerSecond);
    if (droppedFrames !== undefined) values.droppedFrames.push(droppedFrames);
    if (totalSizeBytes === undefined) continue;
    values.outputBytes.push(totalSizeBytes);
    const bitrateBps = measure(output, progress.run, totalSizeBytes, memory, nowMs);
    if (bitrateBps !== undefined) values.bitrateBps.push(bitrateBps);
  }
  const sum = (numbers: number[]) => numbers.reduce((total, value) => total + value, 0);
  const figures: EncoderReading["figures"] = {};
  for (const name of ["bitrateBps", "droppedFrames", "outputBytes"] as const) {
    if (values[name].length > 0) figures[name] = { value: sum(values[name]), source };
  }
  if (values.framesPerSecond.length > 0) {
    figures.framesPerSecond = { value: Math.min(...values.framesPerSecond), source };
  }
  return figures;
}

function measure(
  output: string,
  run: string,
  bytes: number,
  memory: FigureMemory,
  nowMs: number,
): number | undefined {
  const before = memory.get(output);
  if (before?.run !== run || bytes < before.bytes) {
    memory.set(output, { run, bytes, atMs: nowMs });
    return undefined;
  }
  const spanMs = nowMs - before.atMs;
  if (spanMs < leastSpanMs) return before.bitrateBps;
  const bitrateBps = Math.round(((bytes - before.bytes) * 8_000) / spanMs);
  memory.set(output, { run, bytes, atMs: nowMs, bitrateBps });
  return bitrateBps;
}
