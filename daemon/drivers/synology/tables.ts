import type { MediumReading } from "../../../machines/storage/medium.ts";

type Condition = MediumReading["condition"];

/** SYNOLOGY-DISK-MIB and SYNOLOGY-RAID-MIB, columns below which the index of a row follows. */
export const disk = {
  id: "1.3.6.1.4.1.6574.2.1.1.2",
  model: "1.3.6.1.4.1.6574.2.1.1.3",
  status: "1.3.6.1.4.1.6574.2.1.1.5",
  temperatureC: "1.3.6.1.4.1.6574.2.1.1.6",
  health: "1.3.6.1.4.1.6574.2.1.1.13",
} as const;

export const raid = {
  name: "1.3.6.1.4.1.6574.3.1.1.2",
  status: "1.3.6.1.4.1.6574.3.1.1.3",
  freeBytes: "1.3.6.1.4.1.6574.3.1.1.4",
  totalBytes: "1.3.6.1.4.1.6574.3.1.1.5",
} as const;

/** 1 normal 2 initialized 3 notInitialized 4 systemPartitionFailed 5 crashed. */
export const diskStatus: ReadonlyMap<number, Condition> = new Map([
  [1, "ok"],
  [2, "ok"],
  [3, "notSuitable"],
  [4, "failing"],
  [5, "damaged"],
]);

/** 1 normal 2 warning 3 critical 4 failing. */
export const diskHealth: ReadonlyMap<number, Condition> = new Map([
  [1, "ok"],
  [2, "degraded"],
  [3, "failing"],
  [4, "failing"],
]);

/**
 * 1 normal 2 repairing 3 migrating 4 expanding 5 deleting 6 creating 7 syncing 8 parityChecking
 * 9 assembling 10 canceling 11 degrade 12 crashed 13 scrubbing. A volume under repair works without
 * the safety it had; one that is made, deleted or put together takes nothing yet. Of those that are
 * not named (14 to 21: deploying, caches, unknown) nothing good can be said.
 */
export const raidStatus: ReadonlyMap<number, Condition> = new Map([
  [1, "ok"],
  [2, "degraded"],
  [3, "ok"],
  [4, "ok"],
  [5, "notSuitable"],
  [6, "loading"],
  [7, "degraded"],
  [8, "ok"],
  [9, "loading"],
  [10, "ok"],
  [11, "degraded"],
  [12, "damaged"],
  [13, "ok"],
]);

/** The worst first, for media of which two things are told. */
const order: readonly Condition[] = [
  "damaged",
  "failing",
  "missing",
  "notSuitable",
  "degraded",
  "loading",
  "ok",
];

/** @returns `degraded` where nothing that is known was said: it is not known to be well */
export function worstOf(conditions: readonly (Condition | undefined)[]): Condition {
  return order.find((condition) => conditions.includes(condition)) ?? "degraded";
}
