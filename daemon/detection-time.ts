import { slowestPace } from "../machines/encoder/request-pressure.ts";
import type { EncoderPlan } from "../machines/site/plan.ts";
import { pollLimitMs } from "./supervisor.ts";

export type Detection = NonNullable<EncoderPlan["detection"]>;

/**
 * How long a device's death goes unnoticed, at worst: it dies right after it has said what counts,
 * while it is asked for what can wait (one time limit), and each poll after that comes as late as
 * request pressure allows. Being looked at closely, or refusing connections, only makes it shorter.
 */
export function detectionOf(p: {
  normalMs: number;
  /** How long its driver waits for one answer. */
  requestTimeoutMs: number;
  /** Failed polls in a row. */
  unreachableAfter: number;
}): Detection {
  const answerMs = Math.min(p.requestTimeoutMs, pollLimitMs);
  const pollMs = slowestPace * p.normalMs + answerMs;
  return {
    silentWithinMs: Math.round(answerMs + pollMs),
    unreachableWithinMs: Math.round(answerMs + p.unreachableAfter * pollMs),
  };
}

/** All drivers of devices have it, in their own section. */
export const requestTimeoutOf = (options: unknown): number =>
  (options as { requestTimeoutMs?: number }).requestTimeoutMs ?? pollLimitMs;
