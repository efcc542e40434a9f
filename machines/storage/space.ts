/** How full a medium is, with a memory of how full it was. */
import type { MediumReading } from "./medium.ts";

/** The tightest last. */
export const levels = ["healthy", "filling", "nearlyFull", "full"] as const;
export type Level = (typeof levels)[number];

/** At so little free space (0..1) a medium is nearly full, and full. */
export type Levels = { low: number; full: number };
/** By kind of medium, and how long before it is full people are warned. */
export type StorageLevels = { local: Levels; network: Levels; warnBeforeMs: number };

/**
 * A HELO warns at 15 % of local media and 7 % of shares, and a slow card may fail a recording from
 * about 11 % on: so that is where we act. Below 1 % a device calls it full by itself, some earlier.
 */
export const usualLevels: StorageLevels = {
  local: { low: 0.15, full: 0.01 },
  network: { low: 0.07, full: 0.01 },
  warnBeforeMs: 3_600_000,
};
export const levelsFor = (levels: StorageLevels, isNetwork: boolean): Levels =>
  isNetwork ? levels.network : levels.local;

/** A level ends a little above where it began, so that nobody is told twice a minute. */
const endsAbove = 0.02;

/** @param was the level before; null = none is known, so nothing has to be left behind */
export function levelOf(freeRatio: number, was: Level | null, { low, full }: Levels): Level {
  const at = was === null ? 0 : levels.indexOf(was);
  const isIn = (level: Level, from: number) =>
    freeRatio <= from || (levels.indexOf(level) <= at && freeRatio < from + endsAbove);
  if (isIn("full", full)) return "full";
  if (isIn("nearlyFull", low)) return "nearlyFull";
  return isIn("filling", 2 * low) ? "filling" : "healthy";
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

/** What has to go for the medium to be no longer nearly full; undefined where sizes are not told. */
export function roomToMake(
  reading: MediumReading,
  levels: StorageLevels,
): { bytes: number; freeRatio: number } | undefined {
  const [ratio, total] = [freeRatioOf(reading), reading.totalBytes];
  if (ratio === undefined || total === undefined) return undefined;
  const freeRatio = levelsFor(levels, reading.isNetwork).low + endsAbove;
  const bytes = (freeRatio - ratio) * total;
  return bytes > 0 ? { bytes, freeRatio } : undefined;
}

/** FAT32 ends a file at 4 GB. exFAT does not. */
export function endsFilesAt4GB(fileSystem: string | undefined): boolean {
  return fileSystem !== undefined && /^(v?fat(12|16|32)?|msdos)$/i.test(fileSystem.trim());
}
