/** How far an output is. What the program does not know is left out. */
export type ProgressBlock = {
  outTimeUs?: number;
  /** Since its start. */
  totalSizeBytes?: number;
  /** Where the beginning of the count is not known: good for rates, no figure by itself. */
  countedBytes?: number;
  frames?: number;
  droppedFrames?: number;
};

export type ProgressTimes = {
  suspectAfterMs: number;
  /** Nothing is judged before the first progress, for this long. */
  graceMs: number;
  /** A block comes at least this often while output advances. */
  everyMs: number;
};

/** Judges by the clock whether one engine's output advances. Owns no timer. */
export class ProgressWatch {
  readonly #times: ProgressTimes;
  readonly #startedAtMs: number;
  #advancedAtMs: number | undefined;
  #outTimeUs: number | undefined;
  #sizeBytes: number | undefined;
  /** Since our own event loop stood still: silence before this moment may be our own deafness. */
  #deafAtMs = -Infinity;
  last: ProgressBlock = {};

  constructor(times: ProgressTimes, startedAtMs: number) {
    this.#times = times;
    this.#startedAtMs = startedAtMs;
  }

  get hasAdvanced(): boolean {
    return this.#advancedAtMs !== undefined;
  }

  block(block: ProgressBlock, nowMs: number): void {
    this.last = block;
    // The first block of a start says how far it is, not that it moves: 0 is no progress.
    const time = block.outTimeUs ?? this.#outTimeUs ?? 0;
    const size = block.totalSizeBytes ?? block.countedBytes ?? this.#sizeBytes ?? 0;
    const advanced =
      block.outTimeUs === undefined ? size > (this.#sizeBytes ?? 0) : time !== this.#outTimeUs;
    if (advanced && (time > 0 || size > 0)) this.#advancedAtMs = nowMs;
    this.#outTimeUs = time;
    this.#sizeBytes = size;
  }

  silentForMs(nowMs: number): number {
    return nowMs - (this.#advancedAtMs ?? this.#startedAtMs);
  }

  /** When it has been silent for so long, or is judged frozen, if it goes on in silence. */
  movesUntilMs(silentAfterMs: number): number {
    const { suspectAfterMs } = this.#times;
    return (this.#advancedAtMs ?? -Infinity) + Math.min(silentAfterMs, suspectAfterMs);
  }

  /**
   * @param lagged this look came late by more than the event loop may lag
   * @returns undefined when nothing can be said
   */
  judge(nowMs: number, lagged: boolean): "moving" | "frozen" | undefined {
    const { suspectAfterMs, graceMs, everyMs } = this.#times;
    if (lagged) this.#deafAtMs = nowMs;
    if (this.#advancedAtMs === undefined) {
      if (this.silentForMs(nowMs) < graceMs) return undefined;
    } else if (this.silentForMs(nowMs) <= suspectAfterMs) {
      return "moving";
    }
    // What arrived meanwhile still waits in the socket: one period to read it.
    if (nowMs - this.#deafAtMs <= everyMs) return undefined;
    return "frozen";
  }
}
