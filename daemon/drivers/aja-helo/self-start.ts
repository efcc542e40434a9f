import type { Unit } from "./unit.ts";

/** What a HELO does on its own, and the value at which it leaves that. */
const selfStartOff = [
  ["AutoRecoverStreaming", "0"],
  ["PowerUpState", "0"],
  ["SchedulerEnabled", "0"],
] as const;
export const selfStartNames = selfStartOff.map(([name]) => name);

/**
 * Switch off auto-recover, power-up action and scheduler, and read them back. Only what is not off
 * already is written, so that asking again costs three reads.
 */
export async function ownSelfStart({ device, held }: Unit, signal: AbortSignal): Promise<void> {
  for (const [name, off] of selfStartOff) {
    if ((await device.readNeeded(name, signal)) !== off)
      await device.writeChecked(name, off, signal);
    held.note(name, off);
  }
}

/** Read now, from the unit: will it stay off when it is left alone? */
export async function isSelfStartOff({ device }: Unit, signal: AbortSignal): Promise<boolean> {
  let allOff = true;
  for (const [name, off] of selfStartOff) {
    if ((await device.readNeeded(name, signal)) !== off) allOff = false;
  }
  return allOff;
}

/** Whether the polls of this boot read all of it as off, at most `maxAgeMs` ago. */
export function wasSelfStartOff({ held }: Unit, maxAgeMs: number): boolean {
  return selfStartOff.every(([name, off]) => held.fresh(name, maxAgeMs) === off);
}
