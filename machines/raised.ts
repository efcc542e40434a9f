/**
 * How often an alarm was raised of late. One that comes and goes is told less and less often: its end
 * is believed later each time, so that a box that flaps for a night calls a few times, not hundreds.
 */
import { elapsedMs, rebased, type Stamp } from "./time.ts";

/** By the name of the alarm. */
export type Raised = Readonly<Partial<Record<string, readonly Stamp[]>>>;

const [minuteMs, hourMs] = [60_000, 3_600_000];
const countsMs = 12 * hourMs;
/** After the first, the second … in that time. */
const endHoldsMs = [1.5 * minuteMs, 10 * minuteMs, hourMs, 4 * hourMs];

export function withRaise(raised: Raised, alarm: string, now: Stamp): Raised {
  const lately = (raised[alarm] ?? []).filter((at) => elapsedMs(at, now) < countsMs);
  return { ...raised, [alarm]: [...lately, now].slice(-endHoldsMs.length) };
}

/** What raised it has to stay away for so long before it is told as over, ms. */
export function endHoldMs(raised: Raised, alarm: string, now: Stamp): number {
  const times = (raised[alarm] ?? []).filter((at) => elapsedMs(at, now) < countsMs).length;
  return endHoldsMs[Math.max(0, times - 1)] ?? endHoldsMs.at(-1)!;
}

/** A person was called for help, for this incident (null: for a start). */
export type Calls = { readonly incident: string | null; readonly at: readonly Stamp[] };
export const noCalls: Calls = { incident: null, at: [] };

/** Who has not come after the first, the second … call is called again. */
const callAgainMs = [5 * minuteMs, 30 * minuteMs, 2 * hourMs, 4 * hourMs];

/** @returns undefined while the last call is young enough to be on somebody's mind */
export function withCall(calls: Calls, incident: string | null, now: Stamp): Calls | undefined {
  const before = calls.incident === incident ? calls.at : [];
  const lately = before.filter((at) => elapsedMs(at, now) < countsMs);
  const last = lately.at(-1);
  const waitMs = callAgainMs[lately.length - 1] ?? callAgainMs.at(-1)!;
  if (last && elapsedMs(last, now) < waitMs) return undefined;
  return { incident, at: [...lately, now].slice(-callAgainMs.length) };
}

/** Moments of an earlier boot, in the clock of this one; journals from before they were kept have none. */
export const rebasedRaised = (raised: Raised | undefined, now: Stamp): Raised =>
  Object.fromEntries(
    Object.entries(raised ?? {}).map(([alarm, at]) => [alarm, at?.map((one) => rebased(one, now))]),
  );
export const rebasedCalls = (calls: Calls | undefined, now: Stamp): Calls =>
  calls ? { ...calls, at: calls.at.map((one) => rebased(one, now)) } : noCalls;
