import type { Progressing } from "./figures.ts";

/** So much programme for each second that passes is still enough: what is read wavers a little. */
const slowBelow = 0.95;
const fineFrom = 0.98;
/** Less is a hiccup. */
const windowMs = 30_000;
const sampleEveryMs = 1_000;

type Sample = { atMs: number; outTimeUs: number };
type Pace = {
  run: string;
  samples: Sample[];
  /** Undefined while it was not seen for long enough. */ isSlow: boolean | undefined;
};

/**
 * Watches whether programs keep up with the programme. One that makes less than a second of output
 * a second looks fine in every other way, falls behind more and more, and does not recover
 * (encoder-devices.md §5 item 14). Programs that do not tell their output's time are not judged.
 */
export function openOverload() {
  const paces = new Map<string, Pace>();

  /** Programme per time over the last `windowMs`; undefined while not so much was seen. */
  function speedOf(output: string, run: string, now: Sample): number | undefined {
    const known = paces.get(output);
    const pace: Pace = known?.run === run ? known : { run, samples: [], isSlow: undefined };
    paces.set(output, pace);
    if (now.atMs - (pace.samples.at(-1)?.atMs ?? -Infinity) >= sampleEveryMs)
      pace.samples.push(now);
    while ((pace.samples[1]?.atMs ?? Infinity) <= now.atMs - windowMs) pace.samples.shift();
    const [first] = pace.samples;
    if (!first || now.atMs - first.atMs < windowMs) return undefined;
    return (now.outTimeUs - first.outTimeUs) / 1_000 / (now.atMs - first.atMs);
  }

  return {
    /** As `alarms` saw it last; undefined while nobody can tell. */
    isOverloaded: (output: string) => paces.get(output)?.isSlow,

    /** @returns sentences about those that do not keep up */
    alarms(engines: ReadonlyMap<string, Progressing>, atMs: number): string[] {
      return [...engines].flatMap(([output, engine]) => {
        const progress = engine.progressBlock();
        const outTimeUs = progress?.block.outTimeUs;
        if (!progress || outTimeUs === undefined) {
          paces.delete(output);
          return [];
        }
        const speed = speedOf(output, progress.run, { atMs, outTimeUs });
        const pace = paces.get(output)!;
        if (speed === undefined) return [];
        // One that stands still is frozen, which is told elsewhere.
        pace.isSlow = speed > 0 && speed < (pace.isSlow === true ? fineFrom : slowBelow);
        if (!pace.isSlow) return [];
        return [
          `${output} makes only ${speed.toFixed(2)} s of programme a second: its host is ` +
            "overloaded (take work off it, lower bit rate, size or preset) or its source is slow",
        ];
      });
    },
  };
}
