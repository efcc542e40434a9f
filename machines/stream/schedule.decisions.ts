/** What a stream tells of its windows. */
import type { Decision } from "../decision.ts";
import type { LineUp } from "./line-up.contract.ts";
import { utc } from "./schedule.moves.ts";
import type { WindowRule } from "./schedule.contract.ts";
import type { StreamContext } from "./stream.context.ts";
import type { CommandRef } from "../command/command-ref.ts";

const called = ({ memory: { schedule } }: StreamContext) =>
  schedule.window?.name === undefined ? "" : ` (${schedule.window.name})`;

const span = ({ memory: { schedule } }: StreamContext) => ({
  name: schedule.window?.name ?? null,
  startsAtMs: schedule.window?.startMs ?? null,
  endsAtMs: schedule.window?.endMs ?? null,
});

export function windowBegan(context: StreamContext): Decision {
  return {
    type: "stream.windowBegan",
    severity: "info",
    message: `${context.plan.id} is expected on air from now on${called(context)}`,
    data: span(context),
  };
}

export function windowEnded(context: StreamContext): Decision {
  const { window } = context.memory.schedule;
  const next = window === null ? "nothing more is planned" : `next ${utc(window.startMs)}`;
  return {
    type: "stream.windowEnded",
    severity: "info",
    message: `${context.plan.id} is not expected on air any more; ${next}`,
    data: { nextAtMs: window?.startMs ?? null },
  };
}

export function rested(context: StreamContext): Decision {
  return {
    type: "stream.offDuty",
    severity: "info",
    message: `${context.plan.id}: ${context.because}`,
  };
}

export function startMissed(context: StreamContext): Decision {
  return {
    type: "stream.startMissed",
    severity: "critical",
    message: `${context.plan.id} needs you: its window has begun${called(context)} and it is not on air; ${context.because}`,
    data: span(context),
  };
}

export function startedLate(context: StreamContext): Decision {
  return {
    type: "stream.startedLate",
    severity: "info",
    message: `${context.plan.id} is on air at last${called(context)}`,
    data: span(context),
  };
}

/** Told once per check, and again only when a result is another one. */
export function linedUp(context: StreamContext, { atMs, items }: LineUp): Decision | null {
  const before = context.memory.schedule.lineUp;
  const results = (list: LineUp["items"]) => list.map(({ result }) => result).join();
  if (before && results(before.items) === results(items)) return null;
  const bad = items.filter(({ result }) => result === "notOk");
  const open = items.filter(({ result }) => result === "unknown");
  const all =
    open.length === 0
      ? "everything is ready"
      : `nothing is wrong, ${open.length} of ${items.length} cannot be told`;
  const what = bad.length === 0 ? all : bad.map(({ message }) => message).join("; ");
  return {
    type: "stream.lineUp",
    severity: bad.length === 0 ? "info" : "critical",
    message: `${context.plan.id}: line-up check${called(context)}: ${what}`,
    data: { ...span(context), lineUp: { atMs, items } },
  };
}

export function windowAdded({ plan }: StreamContext, rule: WindowRule, by: string): Decision {
  const recurs = rule.rrule === undefined ? "" : `, ${rule.rrule}`;
  return {
    type: "stream.windowAdded",
    severity: "info",
    message: `${plan.id}: ${by} planned ${rule.name ?? rule.id}: ${rule.start} ${rule.zone}${recurs}`,
    data: { rule, by },
  };
}

export function windowRemoved({ plan }: StreamContext, rule: string, by: string): Decision {
  return {
    type: "stream.windowRemoved",
    severity: "info",
    message: `${plan.id}: ${by} took back the window ${rule}`,
    data: { rule, by },
  };
}

/** A command that was carried out as it came. */
export function done(context: StreamContext, command: CommandRef, message: string): Decision {
  return {
    type: "command.done",
    severity: "info",
    message: `${context.plan.id}: ${message}`,
    data: { command: command.id },
  };
}
