import { randomUUID } from "node:crypto";
import { isBooting, isGoingDown } from "./parameters.ts";

/** A HELO's port is closed for 20 to 90 s while it boots; a shorter silence cannot be a boot. */
const shortestBootMs = 15_000;

export type Contact = {
  systemState: number | undefined;
  /** `StreamingDuration`, s; left out where it was not read or no stream runs. */
  streamingS?: number;
};

export type BootMark = {
  /** A call to the unit failed. */
  silent: () => void;
  /** The unit answered. @returns the mark that now holds */
  contact: (seen: Contact) => string;
};

/**
 * A HELO tells no uptime (encoder-devices.md §1.8), so a boot is concluded. The mark changes
 * 1. when `SystemState` is below 4 (once per boot), or is 4 again after it said it goes down;
 * 2. when the unit was silent for at least 15 s and the stream has not run on meanwhile: its
 *    `StreamingDuration` is missing or shorter than it must be. A silence over which nothing ran
 *    may have been a boot, and reading too much costs less than trusting an old reading;
 * 3. with each start of the driver, which cannot know what happened before.
 * A `StreamingDuration` that only goes back is no boot: auto-recover and the front panel do that.
 */
export function openBootMark(now: () => number): BootMark {
  const opened = randomUUID().slice(0, 8);
  let boots = 0;
  let booting = false;
  let goingDown = false;
  let wasSilent = false;
  let last: { atMs: number; streamingS?: number } | undefined;

  function ranOn(streamingS: number | undefined, gapMs: number): boolean {
    if (last?.streamingS === undefined || streamingS === undefined) return false;
    return streamingS >= last.streamingS + gapMs / 1_000 - 5;
  }

  return {
    silent: () => void (wasSilent = true),
    contact({ systemState, streamingS }) {
      const atMs = now();
      const gapMs = last ? atMs - last.atMs : 0;
      const bootingNow = systemState !== undefined && isBooting(systemState);
      if (bootingNow) {
        if (!booting) boots += 1;
      } else if (!booting) {
        const silentForLong = wasSilent && gapMs >= shortestBootMs && !ranOn(streamingS, gapMs);
        const backAgain = goingDown && systemState === 4;
        if (silentForLong || backAgain) boots += 1;
      }
      booting = bootingNow;
      goingDown = systemState !== undefined && isGoingDown(systemState);
      wasSilent = false;
      last = streamingS === undefined ? { atMs } : { atMs, streamingS };
      return `${opened}-${boots}`;
    },
  };
}
