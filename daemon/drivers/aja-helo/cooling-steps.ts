import type { CoolingStep } from "../../../machines/site/plan.ts";

/** Of the full bitrate, by cooling step; the first only asks the unit less. */
export const bitrateShares = [1, 1, 0.8, 0.65, 0.5, 0.35, 0.35] as const;
/** Of the requests that it is asked at full load. */
export const paceAt = (step: number): number => (step === 0 ? 1 : 0.5);
/** Half the pictures to encode. */
const halvesFrameRateFrom = 5;
const changesSizeFrom = 6;

/** Halving the frame rate garbles captions: where they are declared it is never offered. */
export const halvesFrameRate = (step: number, { captions }: { captions: boolean }): boolean =>
  !captions && step >= halvesFrameRateFrom;

/** Left out of what a unit may be told, unless all its destinations stand it. */
export const changesSize = (step: number): boolean => step >= changesSizeFrom;

/**
 * What makes a HELO cooler. Whether a running stream takes a new bitrate is not known
 * (encoder-devices.md §1.5), so it is stopped and started again.
 */
export const coolingSteps = (options: { captions: boolean }): readonly CoolingStep[] => [
  { what: "it is asked half as often", interrupts: false, lowers: ["requests"] },
  ...bitrateShares.slice(2).map((share, i): CoolingStep => {
    const step = i + 2;
    const more = [
      ...(halvesFrameRate(step, options) ? ["half its frame rate"] : []),
      ...(changesSize(step) ? ["two thirds of its width and height"] : []),
    ];
    return {
      what: [`${Math.round(share * 100)} % of its bitrate`, ...more].join(" and "),
      interrupts: true,
      lowers: [
        "effort",
        "bitrate",
        ...(halvesFrameRate(step, options) ? ["frameRate" as const] : []),
        ...(changesSize(step) ? ["size" as const] : []),
      ],
    };
  }),
];
