/** How full a medium is, with a memory of how full it was. */
import type { MediumReading } from "./medium.ts";

/** The tightest last. */
export const levels = ["healthy", "filling", "nearlyFull", "full"] as const;
export type Level = (typeof levels)[number];

/** A level begins at `from` free or less, and ends at `until` free or more. */
type Band = { from: number; until: number };
type Bands = Record<Exclude<Level, "healthy">, Band>;

/**
 * A HELO warns at 15 % of local media and 7 % of shares, and a slow card may fail a recording from
 * about 11 % on: so that is where we act. Below 1 % a device calls it full by itself, some earlier.
 */
const localBands: Bands = {
  filling: { from: 0.3, until: 0.32 },
  nearlyFull: { from: 0.15, until: 0.17 },
  full: { from: 0.01, until: 0.03 },
};
const networkBands: Bands = {
  filling: { from: 0.14, until: 0.16 },
  nearlyFull: { from: 0.07, until: 0.09 },
  full: { from: 0.01, until: 0.03 },
};
export const bandsOf = (isNetwork: boolean): Bands => (isNetwork ? networkBands : localBands);

/** @param was the level before; null = none is known, so nothing has to be left behind */
export function levelOf(freeRatio: number, was: Level | null, isNetwork: boolean): Level {
  const bands = bandsOf(isNetwork);
  const at = was === null ? 0 : levels.indexOf(was);
  for (const [tightness, level] of [...levels.entries()].reverse()) {
    if (level === "healthy") break;
    const { from, until } = bands[level];
    if (freeRatio <= from || (tightness <= at && freeRatio < until)) return level;
  }
  return "healthy";
}

/** 0..1; undefined where the device tells nothing that could be true. */
export function freeRatioOf({ freeRatio, freeBytes, totalBytes }: MediumReading) {
  if (freeRatio !== undefined) return freeRatio >= 0 && freeRatio <= 1 ? freeRatio : undefined;
  if (freeBytes === undefined || totalBytes === undefined || totalBytes <= 0) return undefined;
  const ratio = freeBytes / totalBytes;
  return ratio >= 0 && ratio <= 1 ? ratio : undefined;
}

/** Bytes that can still be written, also where only a percentage and the size are told. */
export function freeBytesOf({ freeRatio, freeBytes, totalBytes }: MediumReading) {
  if (freeBytes !== undefined) return freeBytes >= 0 ? freeBytes : undefined;
  if (freeRatio === undefined || totalBytes === undefined) return undefined;
  return freeRatio >= 0 && freeRatio <= 1 ? freeRatio * totalBytes : undefined;
}

/** FAT32 ends a file at 4 GB. exFAT does not. */
export function endsFilesAt4GB(fileSystem: string | undefined): boolean {
  return fileSystem !== undefined && /^(v?fat(12|16|32)?|msdos)$/i.test(fileSystem.trim());
}
