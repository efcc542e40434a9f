import type { Stamp } from "../time.ts";

type Timer = { dueMs: number; order: number; fire: () => void };

/**
 * The machines' clock. It stands still between turns and is moved to each input's stamp, so a
 * timer fires inside a turn, in due order, and a replay of the inputs fires it at the same place.
 */
export class TurnClock {
  #stamp: Stamp;
  #timers = new Map<number, Timer>();
  #made = 0;

  constructor(stamp: Stamp) {
    this.#stamp = stamp;
  }

  now = (): Stamp => this.#stamp;

  setTimeout = (fire: () => void, ms: number): number => {
    const order = ++this.#made;
    this.#timers.set(order, { dueMs: this.#stamp.monoMs + ms, order, fire });
    return order;
  };

  clearTimeout = (order: number): void => void this.#timers.delete(order);

  /** When the next timer is due, monotonic ms. */
  nextDueMs(): number | undefined {
    let next: number | undefined;
    for (const { dueMs } of this.#timers.values()) {
      if (next === undefined || dueMs < next) next = dueMs;
    }
    return next;
  }

  /** It is `stamp` now, but what is due does not fire yet. */
  standAt(stamp: Stamp): void {
    this.#stamp = stamp;
  }

  /** Time passes to `stamp`; what was due fires, also what became due meanwhile. */
  advanceTo(stamp: Stamp, afterEach: () => void): void {
    this.#stamp = stamp;
    for (;;) {
      let next: Timer | undefined;
      for (const timer of this.#timers.values()) {
        if (timer.dueMs > stamp.monoMs) continue;
        if (
          !next ||
          timer.dueMs < next.dueMs ||
          (timer.dueMs === next.dueMs && timer.order < next.order)
        ) {
          next = timer;
        }
      }
      if (!next) return;
      this.#timers.delete(next.order);
      next.fire();
      afterEach();
    }
  }
}
