/** `StreamingDuration` counts whole seconds; two of them and a poll's own jitter. */
const movingForMs = 2_500;
/** A clock that stood for five counts stands. */
const frozenAfterMs = 5_000;

/**
 * Judges whether a stream advances by its `StreamingDuration`. "frozen" is only said of a run whose
 * duration was seen moving and then stood for 5 s; what cannot be judged yet is left out.
 */
export function openProgress(now: () => number) {
  let run: { seconds: number; movedAtMs?: number } | undefined;
  return {
    /** @param seconds of the stream that runs; undefined where none runs or it was not read */
    judge(seconds: number | undefined): "moving" | "frozen" | undefined {
      if (seconds === undefined || run === undefined || seconds < run.seconds) {
        run = seconds === undefined ? undefined : { seconds };
        return undefined;
      }
      const atMs = now();
      if (seconds > run.seconds) run = { seconds, movedAtMs: atMs };
      if (run.movedAtMs === undefined) return undefined;
      const stoodMs = atMs - run.movedAtMs;
      if (stoodMs < movingForMs) return "moving";
      return stoodMs >= frozenAfterMs ? "frozen" : undefined;
    },
  };
}
export type Progress = ReturnType<typeof openProgress>;
