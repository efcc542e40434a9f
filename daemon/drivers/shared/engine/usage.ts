/**
 * How much of this host the processes of an engine take, by one look every 5 s: at its control group
 * where it has one, else at `/proc` for the process and what it has started.
 */
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type { EncoderReading } from "../../../../machines/encoder/reading.ts";
import { type ProcessId, spentBy, ticksPerSecond } from "./processes.ts";

const names = [
  ...(["cpuUsageRatio", "memoryUsageRatio"] as const),
  ...(["cpuSeconds", "memoryBytes", "ioReadBytes", "ioWrittenBytes"] as const),
] as const;
type Name = (typeof names)[number];

/** Ratios are shares of all processors and of all memory of the host, 0 … 1. */
export type Usage = Partial<Record<Name, number>> & {
  /** What of it is its group's word; the rest is of `/proc`. */
  ofGroup?: readonly Name[];
};

const lookEveryMs = 5_000;
const percent = (share: number) => Math.round(100 * Math.min(1, share)) / 100;
let processors: number | undefined;

type Look = { of: ProcessId; atMs: number; cpuSeconds: number; group: string | undefined };

export class ProcessUsage {
  #last: Look | undefined;
  #usage: Usage = {};

  /**
   * @param group the folder of its control group, if it is in one
   * @returns what is known: of a process that was seen once no share of the processors
   */
  now(process: ProcessId | undefined, nowMs: number, group?: string): Usage {
    const last = this.#last;
    const isSame = last !== undefined && last.of.pid === process?.pid && last.group === group;
    if (process && isSame && nowMs - last.atMs < lookEveryMs) return this.#usage;
    const spent = process && spentBy(process);
    this.#last = undefined;
    this.#usage = {};
    if (!spent) return {};
    const ofGroup = group === undefined ? {} : groupUsage(group);
    const cpuSeconds = ofGroup.cpuSeconds ?? spent.cpuTicks / ticksPerSecond;
    const memoryBytes = ofGroup.memoryBytes ?? spent.residentBytes;
    this.#last = { of: process, atMs: nowMs, cpuSeconds, group };
    this.#usage = {
      ...(spent.readBytes !== undefined && { ioReadBytes: spent.readBytes }),
      ...(spent.writtenBytes !== undefined && { ioWrittenBytes: spent.writtenBytes }),
      ...ofGroup,
      ...{ cpuSeconds, memoryBytes, memoryUsageRatio: percent(memoryBytes / totalmem()) },
      ofGroup: [
        ...(Object.keys(ofGroup) as Name[]),
        ...(ofGroup.cpuSeconds === undefined ? [] : ["cpuUsageRatio" as const]),
        ...(ofGroup.memoryBytes === undefined ? [] : ["memoryUsageRatio" as const]),
      ],
    };
    if (isSame && last.of.startTicks === process.startTicks) {
      processors ??= cpus().length;
      const share = ((cpuSeconds - last.cpuSeconds) * 1_000) / (nowMs - last.atMs) / processors;
      this.#usage.cpuUsageRatio = percent(Math.max(0, share));
    }
    return this.#usage;
  }
}

/** What the kernel counts there; memory and disks only where it hands out these controllers. */
function groupUsage(folder: string): Omit<Usage, "ofGroup"> {
  const read = (file: string) => {
    try {
      return readFileSync(join(folder, file), "latin1");
    } catch {
      return undefined;
    }
  };
  const microseconds = /^usage_usec (\d+)$/m.exec(read("cpu.stat") ?? "")?.[1];
  const memory = read("memory.current");
  const io = read("io.stat");
  const bytes = (of: string) =>
    [...(io ?? "").matchAll(new RegExp(`\\b${of}=(\\d+)`, "g"))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  return {
    ...(microseconds !== undefined && { cpuSeconds: Number(microseconds) / 1e6 }),
    ...(memory !== undefined && { memoryBytes: Number(memory) }),
    ...(io !== undefined && { ioReadBytes: bytes("rbytes"), ioWrittenBytes: bytes("wbytes") }),
  };
}

/** Of all outputs together; what is not known of any is left out. */
export function usageFigures(engines: Iterable<{ usage(): Usage }>): EncoderReading["figures"] {
  const figures: EncoderReading["figures"] = {};
  for (const engine of engines) {
    const usage = engine.usage();
    for (const name of names) {
      const value = usage[name];
      if (value === undefined) continue;
      const sum = (figures[name]?.value ?? 0) + value;
      const source = usage.ofGroup?.includes(name) ? "cgroup" : "/proc";
      figures[name] = { value: name.endsWith("Ratio") ? Math.min(1, sum) : sum, source };
    }
  }
  return figures;
}
