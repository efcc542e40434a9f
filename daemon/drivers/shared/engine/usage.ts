/** How much of this host the process of an engine takes, by one look at `/proc` every 5 s. */
import { cpus, totalmem } from "node:os";
import type { EncoderReading } from "../../../../machines/encoder/reading.ts";
import { type ProcessId, spentBy, ticksPerSecond } from "./processes.ts";

/** Shares of all processors and of all memory of the host, 0 … 1. */
export type Usage = { cpuUsageRatio?: number; memoryUsageRatio?: number };

const lookEveryMs = 5_000;
const percent = (share: number) => Math.round(100 * Math.min(1, share)) / 100;
let processors: number | undefined;

type Look = { of: ProcessId; atMs: number; cpuTicks: number };

export class ProcessUsage {
  #last: Look | undefined;
  #usage: Usage = {};

  /** @returns what is known: of a process that was seen once no more than its memory */
  now(process: ProcessId | undefined, nowMs: number): Usage {
    const last = this.#last;
    const isSame = last !== undefined && last.of.pid === process?.pid;
    if (process && isSame && nowMs - last.atMs < lookEveryMs) return this.#usage;
    const spent = process && spentBy(process);
    this.#last = spent && { of: process, atMs: nowMs, cpuTicks: spent.cpuTicks };
    this.#usage = {};
    if (!spent) return {};
    this.#usage.memoryUsageRatio = percent(spent.residentBytes / totalmem());
    if (isSame && last.of.startTicks === process.startTicks) {
      processors ??= cpus().length;
      const ticks = spent.cpuTicks - last.cpuTicks;
      const share = (ticks * 1_000) / ticksPerSecond / (nowMs - last.atMs) / processors;
      this.#usage.cpuUsageRatio = percent(Math.max(0, share));
    }
    return this.#usage;
  }
}

/** Of all outputs together; what is not known of any is left out. */
export function usageFigures(engines: Iterable<{ usage(): Usage }>): EncoderReading["figures"] {
  const figures: EncoderReading["figures"] = {};
  for (const engine of engines) {
    for (const [name, value] of Object.entries(engine.usage()) as [keyof Usage, number][]) {
      figures[name] = { value: Math.min(1, (figures[name]?.value ?? 0) + value), source: "/proc" };
    }
  }
  return figures;
}
