/** What a stream remembers of its drills. */
import type { CommandRef } from "../../command/command-ref.ts";
import { rebased, type Stamp } from "../../time.ts";
import type { DrillLeg, DrillReport } from "./drill.contract.ts";

export type Drill = {
  id: string;
  command: CommandRef;
  leg: "away" | "back";
  /** Who carried before the drill, and who is to carry between its two moves. */
  from: string;
  to: string;
  begunAt: Stamp;
  /** The newest incident before this leg; null: none yet. */
  before: string | null;
  legs: DrillLeg[];
};
export type DrillResult = "passed" | "failed" | "broken";
export type DrillMemory = { now: Drill | null; last: DrillReport | null };
export const noDrill: DrillMemory = { now: null, last: null };

export const rebasedDrill = (memory: DrillMemory | undefined, now: Stamp): DrillMemory =>
  memory?.now
    ? { ...memory, now: { ...memory.now, begunAt: rebased(memory.now.begunAt, now) } }
    : (memory ?? noDrill);
