/** Lengths are told in whole ms; a player closes smaller gaps without a word. */
const mostTicks = 9_000;

/** @param ticks from where a segment should begin to where it does, of 90 kHz */
export function clockFault(ticks: number): string | undefined {
  if (Math.abs(ticks) <= mostTicks) return undefined;
  const s = (Math.abs(ticks) / 90_000).toFixed(1);
  const way = ticks > 0 ? "after" : "before";
  return `begins ${s} s ${way} the end of the segment before it, without a discontinuity`;
}
