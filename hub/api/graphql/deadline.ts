import { ApiProblem } from "../problem.ts";

/** When an answer has to be there. */
export type Deadline = {
  leftMs(): number;
  /**
   * What comes in time; what was begun goes on behind it.
   * @throws ApiProblem 504 `timed_out`
   */
  hold<T>(work: () => Promise<T>): Promise<T>;
  close(): void;
};

/** @param withinMs Infinity: there is none */
export function openDeadline(withinMs: number): Deadline {
  const endsAtMs = performance.now() + withinMs;
  const leftMs = () => endsAtMs - performance.now();
  const late = () => new ApiProblem(504, "timed_out", `not done within ${withinMs / 1_000} s`);
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    if (withinMs !== Infinity) timer = setTimeout(() => reject(late()), withinMs);
  });
  // Nobody may be waiting.
  over.catch(() => undefined);
  return {
    leftMs,
    hold: async (work) => {
      if (leftMs() <= 0) throw late();
      return Promise.race([work(), over]);
    },
    close: () => clearTimeout(timer),
  };
}
