/** Whether what an output writes can be read by players, judged from what its process found. */
import type { Decision } from "../decision.ts";
import type { OutputPlan } from "../site/plan.ts";
import type { OutputState } from "./output.contract.ts";
import type { ConformityReading } from "./output.events.ts";

export type Conformity = NonNullable<OutputState["conformity"]>;

/** So much has to be written without a fault before all is well again: one may come now and then. */
const conformsAfterMs = 60_000;

/** @param reading undefined in the journals of sites that did not look yet */
export function judged(
  before: Conformity | null,
  reading: ConformityReading | null | undefined,
  nowMs: number,
): Conformity | null {
  if (!reading || reading.checked === 0) return before;
  const { checked, fault, faultlessMs } = reading;
  const isFaulty = fault !== null && (faultlessMs ?? 0) < conformsAfterMs;
  const word = isFaulty ? "faulty" : "ok";
  const sinceMs = before?.word === word ? before.sinceMs : nowMs;
  return { word, sinceMs, why: isFaulty ? fault : null, checked };
}

/** @returns undefined where it is as it was told */
export function conformityChange(
  { id, stream }: OutputPlan,
  before: Conformity | null,
  now: Conformity | null,
): Decision | undefined {
  if (!now || now.word === before?.word) return undefined;
  const { word, why, checked } = now;
  const isFaulty = word === "faulty";
  return {
    type: isFaulty ? "output.faulty" : "output.conforms",
    severity: isFaulty ? "warning" : "info",
    message: isFaulty
      ? `${id}: players may not get what it writes: ${why}`
      : `${id}: what it writes is as players need it`,
    data: { stream, why, checked },
  };
}
