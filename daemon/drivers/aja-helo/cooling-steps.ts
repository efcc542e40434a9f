import type { CoolingStep } from "../../../machines/site/plan.ts";

/** Of the full bitrate, by cooling step; the first only asks the unit less. */
export const bitrateShares = [1, 1, 0.8, 0.65, 0.5, 0.35] as const;
/** The last step also halves the frame rate: half the pictures to encode. */
const halvesFrameRateFrom = 5;

/** Halving the frame rate garbles captions: where they are declared it is never offered. */
export const halvesFrameRate = (step: number, { captions }: { captions: boolean }): boolean =>
  !captions && step >= halvesFrameRateFrom;

/**
 * What makes a HELO cooler. Whether a running stream takes a new bitrate is not known
 * (encoder-devices.md §1.5), so it is stopped and started again.
 */
export const coolingSteps = (options: { captions: boolean }): readonly CoolingStep[] => [
  { what: "it is asked half as often", interrupts: false, lowers: ["requests"] },
  ...bitrateShares.slice(2).map((share, i): CoolingStep => ({
    what:
      `${Math.round(share * 100)} % of its bitrate` +
      (halvesFrameRate(i + 2, options) ? " and half its frame rate" : ""),
    interrupts: true,
    lowers: halvesFrameRate(i + 2, options) ? ["bitrate", "frameRate"] : ["bitrate"],
  })),
];
