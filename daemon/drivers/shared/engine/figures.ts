import type { EncoderReading } from "../../../../machines/encoder/reading.ts";
import type { ProgressBlock } from "./progress.ts";

type Rates = { bitrateBps?: number; framesPerSecond?: number };
type Sample = {
  run: string;
  bytes: number;
  frames: number | undefined;
  atMs: number;
  rates: Rates;
};
/** What each output had made when it was last looked at. */
export type FigureMemory = Map<string, Sample>;

/** Shorter spans make a bit rate of single frames. */
const leastSpanMs = 900;

/** The last that was heard of an output, and of which run of it. */
export type Progressing = {
  progressBlock(): { run: string; block: ProgressBlock } | undefined;
};

/** Over all outputs: bits, bytes and drops add up, the slowest gives the frame rate. */
export function figuresOf(
  engines: ReadonlyMap<string, Progressing>,
  memory: FigureMemory,
  nowMs: number,
  source: string,
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
    const bytes = totalSizeBytes ?? progress.block.countedBytes;
    if (bytes === undefined) continue;
    const now = { run: progress.run, bytes, frames, atMs: nowMs };
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
  const isBack = now.bytes < (before?.bytes ?? 0) || (now.frames ?? 0) < (before?.frames ?? 0);
  if (before?.run !== now.run || isBack) {
    memory.set(output, { ...now, rates: {} });
    return {};
  }
  const spanMs = now.atMs - before.atMs;
  if (spanMs < leastSpanMs) return before.rates;
  const bitrateBps = Math.round(((now.bytes - before.bytes) * 8_000) / spanMs);
  const rates =
    now.frames === undefined || before.frames === undefined
      ? { bitrateBps }
      : {
          bitrateBps,
          framesPerSecond: Math.round(((now.frames - before.frames) * 100_000) / spanMs) / 100,
        };
  memory.set(output, { ...now, rates });
  return rates;
}
