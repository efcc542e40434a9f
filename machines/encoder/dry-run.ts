/**
 * What would have been repaired, had it been allowed: counted while consent is `observe`, so that
 * an operator can see what `act` would have done before saying yes to it.
 */
import type { Consent, RepairAction } from "../site/plan.ts";

export type DryRun = {
  /** Since when it counts, Unix ms. */
  sinceMs: number;
  /** When it would have acted last, Unix ms. */
  lastAtMs: number | null;
  byAction: Partial<Record<RepairAction, number>>;
};

/** Counts on over a restart; begins anew where nothing was counted, or acting was allowed since. */
export function dryRunSince(
  kept: DryRun | undefined,
  consent: Consent,
  wallMs: number,
): DryRun | undefined {
  if (consent !== "observe") return undefined;
  return kept ?? { sinceMs: wallMs, lastAtMs: null, byAction: {} };
}

export function withWouldHave(
  dryRun: DryRun | undefined,
  action: RepairAction,
  wallMs: number,
): DryRun | undefined {
  if (!dryRun) return undefined;
  const byAction = { ...dryRun.byAction, [action]: (dryRun.byAction[action] ?? 0) + 1 };
  return { ...dryRun, byAction, lastAtMs: wallMs };
}

export const timesIn = ({ byAction }: DryRun) =>
  Object.values(byAction).reduce((sum, times) => sum + times, 0);
