import type { SitePlan } from "../../machines/site/plan.ts";
import type { Stamp } from "../../machines/time.ts";
import type { InputRow } from "../journal/journal.ts";

/** What the machines of a run began with. */
export type Start = { plan: SitePlan; at: Stamp; resume: ReadonlyMap<string, unknown> };

/** Stands in the journal before the inputs of its run, so that they can be replayed from there. */
export type Started = {
  type: "started";
  /** Of the run, as its events are marked. */
  session: string;
  version: string;
  plan: SitePlan;
  resume: Record<string, unknown>;
};

export function startedRow(
  { plan, at, resume }: Start,
  of: Pick<Started, "session" | "version">,
): InputRow {
  const event: Started = { type: "started", ...of, plan, resume: Object.fromEntries(resume) };
  return { stamp: at, to: "site", event };
}
