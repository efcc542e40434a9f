import type { SiteConfig } from "../../config/site.schema.ts";
import {
  type ChangeKind,
  changeFreeze,
  noFreeze,
  withEvent,
} from "../../machines/site/change-freeze.ts";
import type { Stamp } from "../../machines/time.ts";
import {
  defaultEventPlan,
  noSchedule,
  type OnAirWindow,
  phaseAt,
} from "../../machines/stream/schedule.ts";
import { vendors } from "../drivers/index.ts";
import { onAirRulesOf, planOf } from "../plan.ts";
import { openSchedules } from "../schedule/schedule.ts";
import type { PlannedWindows } from "./planned-windows.ts";

/**
 * Why this may not be done at the site now, or undefined: from half an hour before an event to its
 * end nothing is changed that can wait. Windows come from the file and its calendars, and from what
 * was planned by command. A calendar that cannot be read counts as an
 * event: what is not known is no permission.
 */
export function frozenAt(
  config: SiteConfig,
  what: ChangeKind,
  now: Stamp,
  byCommand: PlannedWindows,
): string | undefined {
  if (typeof byCommand === "string")
    return `no ${what} while it is not known when events are: ${byCommand}`;
  const { streams } = planOf(config, vendors);
  const planned = streams.map((leg) => ({
    ...{ id: leg.id, config: onAirRulesOf(config, leg), plan: leg.events },
  }));
  const told = new Map<string, readonly OnAirWindow[] | null>();
  const schedules = openSchedules({
    streams: planned,
    scheduleOf: (stream) => ({ ...noSchedule, rules: byCommand.get(stream) ?? [] }),
    wallMs: () => now.wallMs,
    tell: (stream, windows) => void told.set(stream, windows),
    onWarnings: () => undefined,
  });
  schedules.close();
  const [warning] = schedules.warnings();
  if (warning !== undefined) return `no ${what} while it is not known when events are: ${warning}`;
  const freeze = planned.reduce((before, { id, plan = defaultEventPlan }) => {
    const { phase, window } = phaseAt(told.get(id) ?? null, now.wallMs, plan);
    const isNear = window !== null && (phase === "frozen" || phase === "lineUp" || phase === "on");
    const event = isNear ? { name: window.name ?? window.id, untilMs: window.endMs } : null;
    return withEvent(before, id, event);
  }, noFreeze);
  return changeFreeze(freeze, what, now);
}
