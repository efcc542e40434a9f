import { type Ticks, ticksPerMs } from "./frame.ts";

/** How fast the output's lag behind the input may shrink: a fiftieth of the time that passes. */
const mostSlew = 0.02;
/** What is late goes out this much faster than it plays, not in a burst. */
const catchUp = 1.5;

/** When each frame leaves: as far apart as it plays, whenever it came. Wall times are ms. */
export class Pacer {
  #baseMs: number | undefined;
  #last: { ticks: Ticks; atMs: number } | undefined;

  /** @param baseMs as it was told by the pacer of an earlier process */
  constructor(baseMs: number | undefined) {
    this.#baseMs = baseMs;
  }

  /** When time 0 of the output leaves, on the clock of the wall. */
  get baseMs(): number | undefined {
    return this.#baseMs;
  }

  /**
   * The next frames begin at `ticks` and should leave at `wishMs`. Later at once, where that is
   * what happens anyway; earlier by and by.
   *
   * @param lengthMs how long these frames play
   */
  aim(ticks: Ticks, wishMs: number, lengthMs: number, nowMs: number): void {
    const wished = wishMs - ticks / ticksPerMs;
    if (this.#baseMs === undefined) {
      this.#baseMs = wished;
      return;
    }
    const slew = mostSlew * lengthMs;
    const late = nowMs - ticks / ticksPerMs;
    const latest = Math.max(this.#baseMs + slew, Math.min(wished, late));
    this.#baseMs = Math.min(latest, Math.max(this.#baseMs - slew, wished));
  }

  /** When it would leave if nothing were late, ms. */
  plannedMs(ticks: Ticks): number {
    return (this.#baseMs ?? -Infinity) + ticks / ticksPerMs;
  }

  dueMs(ticks: Ticks): number {
    const plannedMs = this.plannedMs(ticks);
    if (this.#last === undefined) return plannedMs;
    const soonestMs = this.#last.atMs + (ticks - this.#last.ticks) / ticksPerMs / catchUp;
    return Math.max(plannedMs, soonestMs);
  }

  sent(ticks: Ticks, nowMs: number): void {
    this.#last = { ticks, atMs: nowMs };
  }
}
