/** One moment by both clocks of this host, ms. */
export type BothClocks = { wallMs: number; monoMs: number };

/**
 * The hub's clock against ours, from the time it writes into its acks. The way here takes time, so
 * every sample is too low by it; the highest of the last few is the nearest to the truth.
 *
 * Samples are kept against the monotonic clock, which never jumps: when our wall clock is set, the
 * offset changes by exactly as much, at once, and not when the next acks come.
 */
export function learnClockOffset(samplesKept = 8) {
  const hubMinusMono: number[] = [];
  return {
    heard(hubTimeMs: number, arrivedAt: BothClocks): void {
      hubMinusMono.push(hubTimeMs - arrivedAt.monoMs);
      if (hubMinusMono.length > samplesKept) hubMinusMono.shift();
    },
    /** Hub minus this host's wall clock as it is now, ms. Undefined before the first ack. */
    offsetMs: (at: BothClocks): number | undefined =>
      hubMinusMono.length > 0 ? Math.max(...hubMinusMono) + at.monoMs - at.wallMs : undefined,
  };
}
