import { type Ticks, ticksPerMs } from "./frame.ts";
import type { Timeline } from "./timeline.ts";
import { wrapTicks } from "./ts/clock-33.ts";

/** Encoders of one source differ by less than this in how late they bring a picture, ms. */
const sameClockMs = 2_000;
/** One encoder is always about as late, ms: so it is seen that its timestamps are right again. */
const sameDelayMs = 50;
/** When the source's clock jumps, each encoder shows it within this, ms. */
const jumpTogetherMs = 5_000;

type TimeOf = { timeline: Timeline; pts: Ticks };

/** What must be kept over a restart of the relay. */
export type ClockState = {
  /** Arrival minus input time, of the timeline that the output follows, ms. */
  offsetMs: number;
  /** Output time minus input time. */
  shift: Ticks;
  /** When the timeline began that the clock was taken from, and whether by a jump. */
  bornMs: number;
  jumped: boolean;
};

/**
 * How input times become output times: by one shift for picture and sound. Encoders on their
 * source's clock give the same picture the same time, so they share the shift; after a jump of that
 * clock, and between encoders with clocks of their own, arrival tells which times belong together.
 */
export class OutputClock {
  readonly #sourceClocked: boolean;
  #state: ClockState | undefined;
  #followed: Timeline | undefined;

  constructor(sourceClocked: boolean, state?: ClockState) {
    this.#sourceClocked = sourceClocked;
    this.#state = state;
  }

  state(): ClockState | undefined {
    return this.#state && { ...this.#state, offsetMs: this.#offsetMs(this.#state) };
  }

  /** When a picture of this output time arrives at the earliest, if it comes as others did. */
  arrivalMs(out: Ticks): number {
    const clock = this.#state;
    return clock ? this.#offsetMs(clock) + (out - clock.shift) / ticksPerMs : -Infinity;
  }

  /** Ticks to add to times of this timeline; undefined when it is not on the output's clock. */
  shiftOf(timeline: Timeline): Ticks | undefined {
    const clock = this.#state;
    if (clock === undefined) return undefined;
    if (timeline === this.#followed) return clock.shift;
    if (!this.#sourceClocked) return this.#byArrival(timeline, clock);
    if (timeline.provenShift === clock.shift) return clock.shift;
    // One may have been seen first before the wrap of 33 bits, the other after it.
    const laterMs = timeline.offsetMs - this.#offsetMs(clock);
    const wraps = Math.round((laterMs * ticksPerMs) / wrapTicks);
    const near = Math.abs(laterMs - (wraps * wrapTicks) / ticksPerMs) < sameClockMs;
    const together = clock.jumped && Math.abs(timeline.bornMs - clock.bornMs) < jumpTogetherMs;
    const { trusted } = timeline.lineage;
    const isBack = trusted && Math.abs(timeline.offsetMs - trusted.offsetMs) < sameDelayMs;
    // A jump that the others did not make is the encoder's fault, however small.
    if (!near || (timeline.jumped && !together && !isBack)) return undefined;
    timeline.lineage.trusted = timeline;
    // It stays so: sound may come by more before its pictures than two times of one encoder differ.
    if (timeline.jumped && wraps === 0) timeline.provenShift = clock.shift;
    return clock.shift + wraps * wrapTicks;
  }

  /**
   * A timeline is on the output's clock where at least two of its times are those of another input.
   *
   * @param known of that input; what of it is not on the output's clock itself does not count
   */
  prove(timeline: Timeline, own: readonly TimeOf[], known: readonly TimeOf[]): boolean {
    const { shift } = this.#state ?? {};
    if (!this.#sourceClocked || shift === undefined || own.length < 2) return false;
    const out = new Set(known.map((one) => one.pts + (this.shiftOf(one.timeline) ?? NaN)));
    if (!own.every(({ pts }) => out.has(pts + shift))) return false;
    timeline.provenShift = shift;
    return true;
  }

  /** The output was following this timeline already, in an earlier process. */
  goOn(timeline: Timeline, shift: Ticks): void {
    if (this.#state) this.#state = { ...this.#state, shift };
    this.#followed = timeline;
  }

  /**
   * The output goes on with this timeline.
   *
   * @param first time of the first picture that is taken from it
   * @param notBefore output time that this picture must not be before
   * @param wished output time that it should have, where its own says nothing
   * @returns its shift
   */
  follow(
    timeline: Timeline,
    first: Ticks,
    notBefore: Ticks | undefined,
    wished: Ticks | undefined,
  ): Ticks {
    const known = this.shiftOf(timeline);
    const clock = this.#state;
    const { offsetMs, bornMs, jumped } = timeline;
    if (known !== undefined && clock !== undefined) {
      this.#state = { ...clock, offsetMs, shift: known };
    } else {
      const byArrival = clock ? this.#byArrival(timeline, clock) : 0;
      const least = Math.max(byArrival, (notBefore ?? -Infinity) - first);
      const shift = wished === undefined ? least : wished - first;
      this.#state = { offsetMs, shift, bornMs, jumped };
    }
    this.#followed = timeline;
    return this.#state.shift;
  }

  #offsetMs(clock: ClockState): number {
    return this.#followed?.offsetMs ?? clock.offsetMs;
  }

  #byArrival(timeline: Timeline, clock: ClockState): Ticks {
    return clock.shift + Math.round((timeline.offsetMs - this.#offsetMs(clock)) * ticksPerMs);
  }
}
