/** The same machines decide once more upon the inputs of a run. */
import type { SitePlan } from "../../machines/site/plan.ts";
import { openSite, type Outcome } from "../../machines/site/site-core.ts";
import { eventOf } from "../event-of.ts";
import type { KeptRun, Told } from "./kept-runs.ts";

/** @param plan another one than the run had: what would have been decided with it */
export function* replay(run: KeptRun, plan: SitePlan = run.start.plan): Generator<Told> {
  const { start } = run;
  const tell = ({ decisions }: Outcome, atMs: number) =>
    decisions.map((made) => eventOf(made, atMs, plan));
  const core = openSite({ ...start, plan });
  yield* tell(core.opening, start.at.wallMs);
  for (const { at, input } of run.inputs()) yield* tell(core.turn(input, at), at.wallMs);
}

export type Comparison = {
  /** Replayed as they were told. */
  same: Told[];
  /** From where they differ on; both empty where they do not. */
  was: Told[];
  wouldBe: Told[];
};

/** What is no longer kept of a run's beginning, or not yet written at its end, is not compared. */
export function compare(told: readonly Told[], replayed: readonly Told[]): Comparison {
  const first = told[0] ? replayed.findIndex((one) => isSame(one, told[0]!)) : -1;
  const from = Math.max(0, first);
  const kept = replayed.slice(from);
  const at = kept.findIndex((one, n) => n >= told.length || !isSame(one, told[n]!));
  const end = at < 0 ? Math.min(kept.length, told.length) : at;
  return { same: kept.slice(0, end), was: told.slice(end), wouldBe: kept.slice(end) };
}

const words = ({ atMs, type, subject, severity, message, data }: Told) =>
  JSON.stringify([atMs, type, subject, severity, message, data]);
const isSame = (a: Told, b: Told) => words(a) === words(b);
