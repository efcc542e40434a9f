import { readFileSync } from "node:fs";
import type { Stamp } from "../machines/time.ts";

/** Changes with every boot of the host; monotonic times of two boots cannot be compared. */
function readBootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch (cause) {
    throw new Error("cannot read the boot id of this host from /proc", { cause });
  }
}

const bootId = readBootId();

/** What `performance.now()` counts from, by CLOCK_MONOTONIC, ms. */
const performanceBeganMs = Number(process.hrtime.bigint() / 1000n) / 1000 - performance.now();

/**
 * CLOCK_MONOTONIC, ms: the same for every process of one boot, to some µs. Asked for thousands of
 * times a second: that is why it is not worked out from 64 bits each time.
 */
export function monotonicMs(): number {
  return Math.round((performanceBeganMs + performance.now()) * 1_000) / 1_000;
}

export function now(): Stamp {
  return { bootId, monoMs: monotonicMs(), wallMs: Date.now() };
}
