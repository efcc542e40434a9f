/** Somebody who judges by the clock. `lagged`: this look came late, silence proves nothing. */
export type Swept = { sweep(lagged: boolean): void };

const sweepEveryMs = 25;
/** An event loop later than this makes evidence unknown; it never condemns an engine. */
const lagLimitMs = 200;

/** One timer for all engines of the process: a timer each costs half as much again. */
export class Sweep {
  readonly #watched = new Set<Swept>();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #lastMs = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(swept: Swept): void {
    this.#watched.add(swept);
    if (this.#timer) return;
    this.#lastMs = this.#now();
    this.#timer = setInterval(() => this.look(), sweepEveryMs);
  }

  delete(swept: Swept): void {
    this.#watched.delete(swept);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  look(): void {
    const nowMs = this.#now();
    const lagged = nowMs - this.#lastMs - sweepEveryMs > lagLimitMs;
    this.#lastMs = nowMs;
    for (const swept of this.#watched) swept.sweep(lagged);
  }
}

export const engineSweep = new Sweep(() => performance.now());
