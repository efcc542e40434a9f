const slots = 8;

/**
 * When encoders report that all is as before: a few at a time, so that what a reading passes through
 * (the turn, the journal, the link) is woken 8 times a second and not once for each of 100 encoders.
 */
export class ReportBeat {
  readonly #slots: Set<() => void>[] = Array.from({ length: slots }, () => new Set());
  readonly #slotMs: number;
  #timer: NodeJS.Timeout | undefined;
  #beats = 0;

  /** @param everyMs how often each of them reports */
  constructor(everyMs: number) {
    this.#slotMs = everyMs / slots;
  }

  /** Joins where the fewest are. @returns to leave again */
  join(report: () => void): () => void {
    const slot = this.#slots.reduce((least, other) => (other.size < least.size ? other : least));
    slot.add(report);
    this.#timer ??= setInterval(() => this.beat(), this.#slotMs);
    return () => {
      slot.delete(report);
      if (this.#slots.some(({ size }) => size > 0)) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  beat(): void {
    for (const report of this.#slots[this.#beats++ % slots]!) report();
  }
}

/**
 * Every change is told at once; between changes a reading only says that the one before still holds
 * and what the figures are by now. It is believed for 3 s (`softwareReadingMaxAgeMs`): at 2 s from one
 * to the next, a host that is a second late would call a healthy encoder unknown.
 */
export const engineReports = new ReportBeat(1_000);
