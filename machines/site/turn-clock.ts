import type { Stamp } from "../time.ts";

/** `place` in the heap; -1: it is over. */
export type Timer = { dueMs: number; order: number; fire: () => void; place: number };

/**
 * The machines' clock. It stands still between turns and is moved to each input's stamp, so a
 * timer fires inside a turn, in due order, and a replay of the inputs fires it at the same place.
 * Thousands of boxes set a deadline anew with each reading, so they stand in a heap: the next one
 * is known without looking at all.
 */
export class TurnClock {
  #stamp: Stamp;
  /** The next due is the first; each is due no sooner than the one at half its place. */
  #heap: Timer[] = [];
  #made = 0;

  constructor(stamp: Stamp) {
    this.#stamp = stamp;
  }

  now = (): Stamp => this.#stamp;

  /**
   * What is left of a pause may be less than the clock can count: such a timer would be due at the
   * moment it is set, and set again by whoever finds that a little is left, for ever.
   */
  setTimeout = (fire: () => void, ms: number): Timer => {
    const order = ++this.#made;
    const dueMs = this.#stamp.monoMs + (ms > 0 ? Math.max(ms, 1) : ms);
    const timer = { dueMs, order, fire, place: this.#heap.length };
    this.#heap.push(timer);
    this.#rise(timer);
    return timer;
  };

  clearTimeout = (timer: Timer): void => {
    const { place } = timer;
    if (place < 0) return;
    timer.place = -1;
    const last = this.#heap.pop()!;
    if (last === timer) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  };

  /** When the next timer is due, monotonic ms. */
  nextDueMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  /** It is `stamp` now, but what is due does not fire yet. */
  standAt(stamp: Stamp): void {
    this.#stamp = stamp;
  }

  /** Time passes to `stamp`; what was due fires, also what became due meanwhile. */
  advanceTo(stamp: Stamp, afterEach: () => void): void {
    this.#stamp = stamp;
    for (;;) {
      const next = this.#heap[0];
      if (!next || next.dueMs > stamp.monoMs) return;
      this.clearTimeout(next);
      next.fire();
      afterEach();
    }
  }

  #put(timer: Timer, place: number): void {
    this.#heap[place] = timer;
    timer.place = place;
  }

  #rise(timer: Timer): void {
    while (timer.place > 0) {
      const above = this.#heap[(timer.place - 1) >> 1]!;
      if (isBefore(above, timer)) return;
      this.#swap(above, timer);
    }
  }

  #sink(timer: Timer): void {
    for (;;) {
      const left = this.#heap[2 * timer.place + 1];
      if (!left) return;
      const right = this.#heap[left.place + 1];
      const sooner = right && isBefore(right, left) ? right : left;
      if (isBefore(timer, sooner)) return;
      this.#swap(timer, sooner);
    }
  }

  #swap(upper: Timer, lower: Timer): void {
    const { place } = upper;
    this.#put(upper, lower.place);
    this.#put(lower, place);
  }
}

/** Of two that are due at once, the one set first. */
function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs === b.dueMs ? a.order < b.order : a.dueMs < b.dueMs;
}
