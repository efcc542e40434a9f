import type { CoolingStep } from "../../../machines/site/plan.ts";

/** Of the full bitrate, by cooling step; the first only asks the unit less. */
export const bitrateShares = [1, 1, 0.8, 0.65, 0.5, 0.35] as const;

/**
 * What makes a HELO cooler. Whether a running stream takes a new bitrate is not known
 * (encoder-devices.md §1.5), so it is stopped and started again. The frame rate is left alone:
 * halving it garbles captions.
 */
export const coolingSteps: readonly CoolingStep[] = [
  { what: "it is asked half as often", interrupts: false },
  ...bitrateShares.slice(2).map((share) => ({
    what: `${Math.round(share * 100)} % of its bitrate`,
    interrupts: true,
  })),
];
