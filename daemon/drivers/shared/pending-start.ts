/** 0.5 to 2 s from a start command to its effect on known boxes, and a margin. */
const startTakesMs = 3_000;

/**
 * A start takes effect some time after it was accepted, and a stop that arrives before may change
 * nothing (encoder-devices.md §6). So "idle" proves nothing for so long after our own start.
 */
export function openPendingStart(now: () => number) {
  let sentAtMs = -Infinity;
  return {
    sent: () => void (sentAtMs = now()),
    /** The box was seen streaming since: nothing is pending any more. */
    tookEffect: () => void (sentAtMs = -Infinity),
    leftMs: () => Math.max(sentAtMs + startTakesMs - now(), 0),
  };
}
export type PendingStart = ReturnType<typeof openPendingStart>;
