/**
 * The hub's clock against ours, from the time it writes into its acks. The way here takes time, so
 * every sample is too low by it; the highest of the last few is the nearest to the truth.
 */
export function learnClockOffset(samplesKept = 8) {
  const samples: number[] = [];
  return {
    heard(hubTimeMs: number, arrivedAtMs: number): void {
      samples.push(hubTimeMs - arrivedAtMs);
      if (samples.length > samplesKept) samples.shift();
    },
    /** Hub minus site, ms. Undefined before the first ack. */
    offsetMs: (): number | undefined => (samples.length > 0 ? Math.max(...samples) : undefined),
  };
}
