import type { FenceEvidence } from "../../../machines/stream/fence-evidence.ts";
import { DriverError } from "../driver.ts";
import { pause } from "./pause.ts";

/** So many calls in a row without an answer: the box cannot be reached, nothing can be proven. */
const failuresUntilSilent = 2;

export type Proof = {
  where: string;
  pauseMs: number;
  /** @returns undefined where the reads do not belong together, or the box did not stay off */
  attempt: (signal: AbortSignal) => Promise<FenceEvidence | undefined>;
  onSilence: () => void;
};

/**
 * Tries to prove a box off until it holds, the time is up, or nobody answers. Silence gives an
 * empty list, never evidence; only a refused password is an error, because a person must act.
 */
export async function proveBy(
  { where, pauseMs, attempt, onSilence }: Proof,
  signal: AbortSignal,
): Promise<FenceEvidence[]> {
  let failures = 0;
  while (!signal.aborted && failures < failuresUntilSilent) {
    try {
      const evidence = await attempt(signal);
      if (evidence) return [evidence];
      failures = 0;
      await pause(where, pauseMs, signal);
    } catch (error) {
      if (!(error instanceof DriverError) || error.code === "unauthorized") throw error;
      if (error.code === "timeout" || error.code === "refused") onSilence();
      failures += 1;
    }
  }
  return [];
}
