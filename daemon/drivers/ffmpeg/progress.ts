/** One block of `ffmpeg -progress`. What ffmpeg calls N/A is left out. */
export type ProgressBlock = {
  outTimeUs?: number;
  totalSizeBytes?: number;
  frames?: number;
  droppedFrames?: number;
};

/**
 * One datagram, `name=value` lines that end with `progress=continue` or `progress=end`.
 * `out_time_ms` also counts microseconds (an old bug), so it is not read.
 */
export function parseProgress(text: string): ProgressBlock | undefined {
  if (!/(^|\n)progress=(continue|end)\s*$/.test(text)) return undefined;
  const block: ProgressBlock = {};
  const read = (name: string, into: keyof ProgressBlock) => {
    const from = text.startsWith(`${name}=`) ? 0 : text.indexOf(`\n${name}=`) + 1;
    if (from === 0 && !text.startsWith(`${name}=`)) return;
    const end = text.indexOf("\n", from);
    const value = text.slice(from + name.length + 1, end < 0 ? undefined : end).trim();
    if (/^\d+(\.\d+)?$/.test(value)) block[into] = Number(value);
  };
  read("out_time_us", "outTimeUs");
  read("total_size", "totalSizeBytes");
  // `fps` is an average since the start, and 0 in the first second: frames are counted instead.
  read("frame", "frames");
  read("drop_frames", "droppedFrames");
  return block;
}

export type ProgressTimes = {
  suspectAfterMs: number;
  /** Nothing is judged before the first progress, for this long. */
  graceMs: number;
  statsPeriodMs: number;
};

/** Judges by the clock whether one engine's output advances. Owns no timer. */
export class ProgressWatch {
  readonly #times: ProgressTimes;
  readonly #startedAtMs: number;
  #advancedAtMs: number | undefined;
  #outTimeUs: number | undefined;
  #totalSizeBytes: number | undefined;
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
    const size = block.totalSizeBytes ?? this.#totalSizeBytes ?? 0;
    const advanced =
      block.outTimeUs === undefined ? size > (this.#totalSizeBytes ?? 0) : time !== this.#outTimeUs;
    if (advanced && (time > 0 || size > 0)) this.#advancedAtMs = nowMs;
    this.#outTimeUs = time;
    this.#totalSizeBytes = size;
  }

  silentForMs(nowMs: number): number {
    return nowMs - (this.#advancedAtMs ?? this.#startedAtMs);
  }

  /**
   * @param lagged this look came late by more than the event loop may lag
   * @returns undefined when nothing can be said
   */
  judge(nowMs: number, lagged: boolean): "moving" | "frozen" | undefined {
    const { suspectAfterMs, graceMs, statsPeriodMs } = this.#times;
    if (lagged) this.#deafAtMs = nowMs;
    if (this.#advancedAtMs === undefined) {
      if (this.silentForMs(nowMs) < graceMs) return undefined;
    } else if (this.silentForMs(nowMs) <= suspectAfterMs) {
      return "moving";
    }
    // What arrived meanwhile still waits in the socket: one period to read it.
    if (nowMs - this.#deafAtMs <= statsPeriodMs) return undefined;
    return "frozen";
  }
}
