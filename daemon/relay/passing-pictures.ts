import type { MediaClock } from "../../machines/stream/relay/media-clock.ts";
import { type Ticks, ticksPerMs } from "./frame.ts";
import type { Timeline } from "./timeline.ts";

/** B-frames and bursts make single pictures late: the mean over so long is told, ms. */
const windowMs = 5_000;

/** How the times of pictures stand to the clock of the host where they pass. */
export class PassingPictures {
  #timeline: Timeline | undefined;
  #fromMs = 0;
  #sumMs = 0;
  #count = 0;
  /** null: not known yet. */
  clock: MediaClock | null = null;

  picture(pts: Ticks, timeline: Timeline, nowMs: number): void {
    if (timeline !== this.#timeline) {
      this.forget();
      [this.#timeline, this.#fromMs] = [timeline, nowMs];
    }
    if (nowMs - this.#fromMs >= windowMs) {
      this.clock = { aheadMs: this.#sumMs / this.#count, fromMs: this.#fromMs, untilMs: nowMs };
      [this.#fromMs, this.#sumMs, this.#count] = [nowMs, 0, 0];
    }
    this.#sumMs += nowMs - pts / ticksPerMs;
    this.#count++;
  }

  forget(): void {
    this.#timeline = undefined;
    [this.#sumMs, this.#count] = [0, 0];
    this.clock = null;
  }
}
