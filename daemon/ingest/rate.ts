type Sample = { atMs: number; bytes: number; frames: number };

const windowMs = 3_000;
const leastSpanMs = 900;

/** Bit rate and frame rate over the last seconds. */
export class Rate {
  #samples: Sample[] = [];

  note(sample: Sample): void {
    const last = this.#samples.at(-1);
    if (last && sample.bytes < last.bytes) this.#samples = [];
    this.#samples = [...this.#samples.filter(({ atMs }) => sample.atMs - atMs < windowMs), sample];
  }

  forget(): void {
    this.#samples = [];
  }

  now(): { bitrateBps: number; framesPerSecond: number } | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    const spanMs = first && last ? last.atMs - first.atMs : 0;
    if (!first || !last || spanMs < leastSpanMs) return undefined;
    const perSecond = (count: number) => (count * 1_000) / spanMs;
    return {
      bitrateBps: Math.round(perSecond(8 * (last.bytes - first.bytes))),
      framesPerSecond: Math.round(perSecond(last.frames - first.frames) * 10) / 10,
    };
  }
}
