/**
 * Request pressure, 0 … 100: what our asking does to a box's small web server. No temperature, and
 * nothing a box says of itself.
 */
/** What one period of asking a device was like. */
export type Asking = {
  requests: number;
  /** Of these: no answer, or nonsense. */
  failed: number;
  /** How many it may be asked in the period, at most. */
  burstLimit: number;
  medianLatencyMs: number | undefined;
};

/** Slower than this at the median and a device is under full pressure: its own timeout is near. */
export const slowMs = 1_000;

/**
 * Request pressure, 0..100: the worst of how much of the burst limit is used, how slow the answers
 * are, and how many fail (one in four is full pressure).
 */
export function requestPressure({ requests, failed, burstLimit, medianLatencyMs }: Asking): number {
  if (requests === 0) return 0;
  const parts = [
    requests / burstLimit,
    medianLatencyMs === undefined ? 0 : medianLatencyMs / slowMs,
    (failed / requests) * 4,
  ];
  return Math.round(100 * Math.min(1, Math.max(...parts)));
}

/** From here the usual pace is slowed down. */
const highPressure = 75;
/** No slower, so that a reading is never older than it may be because of this alone. */
export const slowestPace = 1.5;

/** How much longer than usual to wait with the next poll: 1 (as usual) … 1.5. */
export function paceUnder(pressure: number | undefined): number {
  if (pressure === undefined || pressure <= highPressure) return 1;
  return 1 + ((slowestPace - 1) * (pressure - highPressure)) / (100 - highPressure);
}
