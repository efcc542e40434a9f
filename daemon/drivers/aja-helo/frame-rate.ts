import { halvesFrameRate } from "./cooling-steps.ts";
import { captionsDetected } from "./parameters.ts";
import type { Unit } from "./unit.ts";

/** Full, half and quarter, as `StreamingFrameRate` counts them. */
export const frameRates = ["0", "1", "2"] as const;
export type FrameRate = (typeof frameRates)[number];
const halfOf = { 0: "1", 1: "2", 2: "2" } as const;

/**
 * The frame rate for this cooling step, and the one the operator had set; undefined where it is
 * to be left alone: it was never halved and is not to be, or the unit sees captions in its input.
 * @param now as the unit tells it
 * @param kept what the operator had set, if it was halved since
 */
export async function frameRateAt(
  { device, options }: Unit,
  step: number,
  { now, kept }: { now: string | undefined; kept: FrameRate | undefined },
  signal: AbortSignal,
): Promise<{ full: FrameRate; wanted: FrameRate } | undefined> {
  const full = kept ?? frameRates.find((rate) => rate === now);
  if (full === undefined) return undefined;
  const halves =
    halvesFrameRate(step, options) &&
    (await device.read("DetectCaptioning", signal)) !== captionsDetected;
  if (halves) return { full, wanted: halfOf[full] };
  return kept === undefined ? undefined : { full, wanted: full };
}
