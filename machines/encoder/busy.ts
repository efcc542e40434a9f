/**
 * How busy the processor of a box is. Three quarters for a minute leave no room for a harder scene:
 * a margin that is used up, and no fault. So nothing is taken from it; a box that does not keep
 * up is another matter (see strain.ts).
 */
import { elapsedMs, type Stamp } from "../time.ts";

export type Busy = {
  /** 0 … 1, as the box last said. */
  ratio: number;
  /** Since when it is at or above the limit; null: it is below. */
  since: Stamp | null;
};

/** Percent of the processor; absent in plans made before it was watched. */
export type BusyLimits = { busyPercent?: number; calmPercent?: number; memoryPercent?: number };
export const usualBusy = { busyPercent: 75, calmPercent: 65, memoryPercent: 90 };

/** Shorter is a hard scene, or a page that somebody opened. */
const busyLastsMs = 60_000;

/** @param ratio undefined: the box does not tell */
export function busyAfter(
  before: Busy | undefined,
  ratio: number | undefined,
  limits: BusyLimits,
  now: Stamp,
): Busy | undefined {
  if (ratio === undefined) return undefined;
  const { busyPercent, calmPercent } = { ...usualBusy, ...limits };
  const since = before?.since ?? null;
  if (100 * ratio >= busyPercent) return { ratio, since: since ?? now };
  const stays = 100 * ratio >= calmPercent && isBusy(before, now);
  return { ratio, since: stays ? since : null };
}

export const isBusy = (busy: Busy | undefined, now: Stamp): boolean =>
  busy !== undefined && busy.since !== null && elapsedMs(busy.since, now) >= busyLastsMs;

/** A program that gets no more memory is ended by the kernel: worth a look, and nothing is done. */
export function memoryWarning(ratio: number | undefined, limits: BusyLimits): string | undefined {
  const { memoryPercent } = { ...usualBusy, ...limits };
  const percent = Math.round(100 * (ratio ?? 0));
  if (percent < memoryPercent) return undefined;
  return `its memory is ${percent} % full, ${memoryPercent} % is its limit`;
}
