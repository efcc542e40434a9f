import type { EncoderReading } from "../../../machines/encoder/reading.ts";
import type { Engine } from "./engine.ts";

type Rates = { bitrateBps?: number; framesPerSecond?: number };
type Sample = { run: string; bytes: number; frames: number; atMs: number; rates: Rates };
/** What each output had made when it was last looked at. */
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
  const figures: EncoderReading["figures"] = {};
  const tell = (name: keyof typeof join, value: number | undefined) => {
    if (value === undefined) return;
    const before = figures[name]?.value;
    figures[name] = { value: before === undefined ? value : join[name](before, value), source };
  };
  for (const [output, engine] of engines) {
    const progress = engine.progressBlock();
    if (!progress) continue;
    const { droppedFrames, totalSizeBytes, frames } = progress.block;
    tell("droppedFrames", droppedFrames);
    tell("outputBytes", totalSizeBytes);
    if (totalSizeBytes === undefined || frames === undefined) continue;
    const now = { run: progress.run, bytes: totalSizeBytes, frames, atMs: nowMs };
    const rates = measure(output, now, memory);
    tell("bitrateBps", rates.bitrateBps);
    tell("framesPerSecond", rates.framesPerSecond);
  }
  return figures;
}

const add = (a: number, b: number) => a + b;
const join = {
  bitrateBps: add,
  droppedFrames: add,
  outputBytes: add,
  framesPerSecond: (a: number, b: number) => Math.min(a, b),
};

/** Between two looks of one run; nothing before the second. */
function measure(output: string, now: Omit<Sample, "rates">, memory: FigureMemory): Rates {
  const before = memory.get(output);
  if (before?.run !== now.run || now.bytes < before.bytes) {
    memory.set(output, { ...now, rates: {} });
    return {};
  }
  const spanMs = now.atMs - before.atMs;
  if (spanMs < leastSpanMs) return before.rates;
  const rates = {
    bitrateBps: Math.round(((now.bytes - before.bytes) * 8_000) / spanMs),
    framesPerSecond: Math.round(((now.frames - before.frames) * 100_000) / spanMs) / 100,
  };
  memory.set(output, { ...now, rates });
  return rates;
}
