/** How much of its source is left in the pictures that an encoder makes of it. */

export type Quality = {
  /** Structural similarity (Wang 2004) of all planes, at most 1: nothing is lost. */
  ssim: number;
  /** Signal to noise of all planes, dB; what is the same counts as 100. */
  psnrDb: number;
};

export type QualityLook =
  ({ word: "measured"; encoder: string } & Quality) | { word: "notAvailable"; because: string };

/** When too much is lost. */
export type QualityPolicy = { leastSsim: number; afterMs: number };
