/** What windows change in a stream: its phase, and how it comes to rest outside of them. */
import { elapsedMs } from "../time.ts";
import { incidentRecord, step } from "./incident.ts";
import type { LineUp } from "./line-up.contract.ts";
import { defaultEventPlan, isExpected, type OnAirWindow, withWindows } from "./schedule.ts";
import type { WindowRule } from "./schedule.contract.ts";
import { at } from "./stream.changes.ts";
import { decidedToStop } from "./stream.moves.ts";
import {
  type Change,
  seenOnAir,
  type StreamContext,
  verdict,
  verdictOn,
} from "./stream.context.ts";
import { publishing } from "./stream.questions.ts";

export const eventPlanOf = ({ plan }: StreamContext) => plan.events ?? defaultEventPlan;

/** The far end has it, or where nobody looks the box that carries it says so. */
export function isThere(context: StreamContext): boolean {
  if (context.farEnd.word !== "unknown") return seenOnAir(context);
  return context.carrier !== null && verdict(context).word === "good";
}

export function scheduled(context: StreamContext, windows: readonly OnAirWindow[] | null): Change {
  const { schedule } = context.memory;
  const p = { now: context.now(), plan: eventPlanOf(context), isOnAir: isThere(context) };
  return { schedule: withWindows(schedule, windows, p) };
}

/** A person's wish, and a stop, are carried out at any time. */
export function mayRest({ memory }: StreamContext): boolean {
  return !isExpected(memory.schedule) && memory.command === null && memory.goal !== "stop";
}

/** One of our boxes publishes on the key, and nothing speaks against it: somebody started it. */
export function wasStartedByHand(context: StreamContext): boolean {
  const ref = publishing(context);
  if (ref === undefined) return false;
  const { word } = verdictOn(context, ref);
  return word !== "off" && word !== "suspect";
}

/**
 * Nobody expects it and nothing is done about it. What was known of the key is proven anew before
 * the next start; the last holder keeps it, so that it may be started by hand.
 */
export function rested(context: StreamContext): Change {
  const now = context.now();
  const { incident, lastIncident, schedule } = context.memory;
  const because =
    schedule.window === null
      ? "no window is planned: not expected on air"
      : `not expected on air before ${utc(schedule.window.startMs)}`;
  return {
    ...at(context, because),
    goal: "start",
    target: null,
    wanted: null,
    suspects: [],
    certificates: [],
    unproven: null,
    leftBehind: [],
    fencingSince: null,
    suspectSince: null,
    incident: null,
    lastIncident: incident
      ? incidentRecord(step(incident, now, because), "stopped", now)
      : lastIncident,
  };
}

/** After a restart everybody has to be looked at first. */
const leastMs = 5_000;
export function stoppedAtEnd(context: StreamContext): Change {
  const by = "the end of its window";
  return { ...decidedToStop(context, { id: "", by }), command: null };
}

export function missedMs(context: StreamContext): number {
  const { began } = context.memory.schedule;
  const since = began === null ? 0 : elapsedMs(began, context.now());
  return Math.max(leastMs, eventPlanOf(context).missedAfterMs - since);
}

/** How the window under way has begun, as far as is known. */
export const startOf = ({ memory: { schedule } }: StreamContext) =>
  schedule.start?.window === schedule.window?.id ? schedule.start?.word : undefined;

export function began({ memory: { schedule } }: StreamContext, word: "there" | "missed"): Change {
  const { window } = schedule;
  return { schedule: { ...schedule, start: window && { window: window.id, word } } };
}

export function linedUp({ memory: { schedule } }: StreamContext, lineUp: LineUp): Change {
  return { schedule: { ...schedule, lineUp } };
}

export function withRule({ memory: { schedule } }: StreamContext, rule: WindowRule): Change {
  const others = schedule.rules.filter(({ id }) => id !== rule.id);
  return { schedule: { ...schedule, rules: [...others, rule] } };
}

export function withoutRule({ memory: { schedule } }: StreamContext, rule: string): Change {
  return { schedule: { ...schedule, rules: schedule.rules.filter(({ id }) => id !== rule) } };
}

/** `2026-11-22 09:00 UTC`; the page shows it in the reader's own zone. */
export const utc = (wallMs: number) =>
  `${new Date(wallMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
