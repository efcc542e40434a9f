import { setTimeout as sleep } from "node:timers/promises";

/** @returns waits until its turn: never more than `perSecond` turns are begun in a second */
export function openPace(perSecond: number, signal: AbortSignal): () => Promise<void> {
  const gapMs = 1_000 / perSecond;
  let freeAtMs = -Infinity;
  return async () => {
    const nowMs = performance.now();
    const atMs = Math.max(nowMs, freeAtMs);
    freeAtMs = atMs + gapMs;
    if (atMs > nowMs) await sleep(atMs - nowMs, undefined, { signal });
  };
}

/** Works through `items` with at most `atOnce` under way; ends early when `signal` aborts. */
export async function eachOf<T>(
  items: readonly T[],
  atOnce: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length && !signal.aborted) {
      const at = next;
      next += 1;
      await work(items[at]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
