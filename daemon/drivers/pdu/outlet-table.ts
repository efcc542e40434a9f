import type { OutletReading } from "../outlet.ts";

/** How one family of PDUs tells and takes the state of an outlet. All OIDs are whole ones. */
export type OutletTable = {
  /** For messages, such as `APC, second generation`. */
  family: string;
  state: { oid: string; words: ReadonlyMap<number, OutletReading["state"]> };
  name: string;
  /** Where a waiting command is told of, and the values that mean one is waiting. */
  pending: { oid: string; values: ReadonlySet<number> } | undefined;
  command: { oid: string; on: number; off: number; cycle: number };
};
