import { randomUUID } from "node:crypto";

/** No box boots faster (a HELO's port is closed for 20 to 90 s); a shorter silence is no boot. */
const shortestBootMs = 15_000;

export type Contact = {
  /** What the box says of itself; left out where it does not say. */
  phase?: "booting" | "up" | "goingDown";
  /** How long the stream has run, s; left out where it was not read or no stream runs. */
  streamingS?: number;
  /** Since its last boot, s. A box that tells this is believed and nothing is concluded. */
  uptimeS?: number;
};

export type BootMark = {
  /** A call to the box got no answer. */
  silent: () => void;
  /** The box answered. @returns the mark that now holds */
  contact: (seen: Contact) => string;
};

/**
 * Most boxes tell no uptime (a HELO does not, encoder-devices.md §1.8), so a boot is concluded. The
 * mark changes
 * 1. when the box says that it boots (once per boot), or is up again after it said it goes down;
 * 2. when it was silent for at least 15 s and the stream has not run on meanwhile: its duration is
 *    missing or shorter than it must be. A silence over which nothing ran may have been a boot, and
 *    reading too much costs less than trusting an old reading;
 * 3. with each start of the driver, which cannot know what happened before.
 * A stream's duration that only goes back is no boot: boxes start streams again by themselves.
 */
export function openBootMark(now: () => number): BootMark {
  const opened = randomUUID().slice(0, 8);
  let boots = 0;
  let booting = false;
  let goingDown = false;
  let wasSilent = false;
  let last: (Contact & { atMs: number }) | undefined;

  function ranOn(streamingS: number | undefined, gapMs: number): boolean {
    if (last?.streamingS === undefined || streamingS === undefined) return false;
    return streamingS >= last.streamingS + gapMs / 1_000 - 5;
  }

  return {
    silent: () => void (wasSilent = true),
    contact(seen) {
      const { phase, streamingS, uptimeS } = seen;
      const atMs = now();
      const gapMs = last ? atMs - last.atMs : 0;
      const bootingNow = phase === "booting";
      if (last?.uptimeS !== undefined && uptimeS !== undefined) {
        if (uptimeS < last.uptimeS + gapMs / 1_000 - 5) boots += 1;
      } else if (bootingNow) {
        if (!booting) boots += 1;
      } else if (!booting) {
        const silentForLong = wasSilent && gapMs >= shortestBootMs && !ranOn(streamingS, gapMs);
        const backAgain = goingDown && phase === "up";
        if (silentForLong || backAgain) boots += 1;
      }
      booting = bootingNow;
      goingDown = phase === "goingDown";
      wasSilent = false;
      last = { ...seen, atMs };
      return `${opened}-${boots}`;
    },
  };
}
