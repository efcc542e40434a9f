import { type Frame, type Ticks, ticksPerMs } from "./frame.ts";

/** It is told by so many steps from picture to picture, over at least so long: times may be whole ms. */
const least = { steps: 25, ticks: 5_000 * ticksPerMs };
/** A step that is this far from the usual one is a hole. */
const sameWithin = 0.4;
/** Those that encoders make; what is within a hundredth of one is that. */
const usual = [
  ...[5, 10, 12.5, 15, 20, 24_000 / 1_001, 24, 25, 30_000 / 1_001, 30],
  ...[48, 50, 60_000 / 1_001, 60, 100, 120_000 / 1_001, 120],
];
const nearWithin = 0.01;

/** How many pictures come in a second, by their times. */
export class FrameRate {
  #last: Ticks | undefined;
  #steps: Ticks[] = [];
  #ticks = 0;
  /** Another one than is told, seen once. */
  #doubt: number | undefined;
  /** null: not known yet. */
  perSecond: number | null = null;

  take({ dts, gapBefore }: Pick<Frame, "dts" | "gapBefore">): void {
    const step = dts - (this.#last ?? dts);
    this.#last = dts;
    if (gapBefore || step <= 0 || step > least.ticks) return;
    this.#steps.push(step);
    this.#ticks += step;
    if (this.#steps.length < least.steps || this.#ticks < least.ticks) return;
    const rate = rateOf(this.#steps);
    this.#steps = [];
    this.#ticks = 0;
    if (this.perSecond === null || rate === this.#doubt) this.perSecond = rate;
    this.#doubt = rate;
  }
}

function rateOf(steps: readonly Ticks[]): number {
  const middle = steps.toSorted((a, b) => a - b)[steps.length >> 1]!;
  const same = steps.filter((step) => Math.abs(step - middle) <= sameWithin * middle);
  const rate = (1_000 * ticksPerMs * same.length) / same.reduce((sum, step) => sum + step, 0);
  const apart = (one: number) => Math.abs(one / rate - 1);
  const nearest = usual.toSorted((a, b) => apart(a) - apart(b))[0]!;
  return apart(nearest) <= nearWithin ? Math.round(nearest * 1_000) / 1_000 : Math.round(rate);
}
