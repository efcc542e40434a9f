/** Aborted because it is not wanted any more, and not because it took too long: no box is to blame. */
export function isGivenUp(signal: AbortSignal): boolean {
  return signal.aborted && (signal.reason as Error | undefined)?.name !== "TimeoutError";
}
