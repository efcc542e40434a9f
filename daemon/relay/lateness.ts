import { type Ticks, ticksPerMs } from "./frame.ts";
import type { Timeline } from "./timeline.ts";

/** The least is looked for in this time, and in as much before it: clocks drift, ms. */
const windowMs = 5_000;

/** How much later pictures come than they did at the earliest: an encoder that does not keep up. */
export class Lateness {
  #timeline: Timeline | undefined;
  #least = Infinity;
  #leastBefore = Infinity;
  #fromMs = 0;
  /** Of the last picture, ms. */
  ms = 0;

  picture(dts: Ticks, timeline: Timeline, nowMs: number): void {
    if (timeline !== this.#timeline) this.#least = Infinity;
    if (timeline !== this.#timeline || nowMs - this.#fromMs > windowMs) {
      [this.#leastBefore, this.#least, this.#fromMs] = [this.#least, Infinity, nowMs];
    }
    this.#timeline = timeline;
    const offsetMs = nowMs - dts / ticksPerMs;
    this.#least = Math.min(this.#least, offsetMs);
    this.ms = offsetMs - Math.min(this.#least, this.#leastBefore);
  }
}
