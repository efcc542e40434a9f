/**
 * A failover drill: the stream is moved to its understudy as in a real failover, stays there for a
 * moment, and is moved back; both moves are measured. On air only where a person has typed the
 * stream's name, or at a destination that is marked `test: true`.
 */
import type { CommandRef } from "../../command/command-ref.ts";
import { isSomeoneElse } from "../judge.ts";
import { latched } from "../latch.moves.ts";
import {
  type Change,
  comparedWithCarrier,
  hinders,
  seenOnAir,
  type StreamContext,
  understudyOf,
  verdict,
} from "../stream.context.ts";
import type { Drill, DrillResult } from "./drill-memory.ts";
import type { DrillLeg, DrillReport, StreamDrill } from "./drill.contract.ts";

/** A move takes less, or it is no move any more. */
export const legLimitMs = 120_000;
/** `drillHold`, between the two moves: long enough to see that it holds. */
export const drillDelays = { drillLeg: legLimitMs, drillHold: 10_000, drillLook: 600_000 };

function carrying({ plan, carrier, memory }: StreamContext): string | null {
  return plan.relay ? memory.relay.selected : (carrier?.encoder ?? null);
}
const goesTo = ({ leg, from, to }: Drill) => (leg === "away" ? to : from);

/**
 * Why no drill may begin now; undefined: it may.
 *
 * @param consent the name of the stream, as a person has typed it
 */
export function drillRefusal(
  context: StreamContext,
  consent: string | undefined,
): string | undefined {
  const { plan, destination, farEnd, memory } = context;
  const { id } = plan;
  if (memory.drill.now) return `${memory.drill.now.command.by} drills it now`;
  if (destination.takeover === "primaryBackup")
    return "both of its legs are published all the time: there is nothing to move";
  if (!destination.observed) return "nobody looks at its far end: nothing could be measured";
  if (destination.isTest !== true && consent !== id)
    return `its viewers would see it: type its name to agree (consent: "${id}")`;
  const from = carrying(context);
  if (from === null || memory.goal === "stop" || !seenOnAir(context)) return "it is not on air";
  if (isSomeoneElse(farEnd, context.carrier?.encoder)) return "somebody else publishes on its key";
  const isBusy = memory.incident !== null || memory.command !== null || memory.relay.wish !== null;
  if (isBusy || verdict(context).word !== "good") return `it is busy: ${context.because}`;
  if (latched(context).length > 0) return "it was moved too often and is held where it is";
  const to = understudyOf(context)?.encoder;
  if (to === undefined) return "it has no understudy that is ready";
  if (comparedWithCarrier(context, to)?.word === "different")
    return `${to} shows another programme than ${from}`;
  return undefined;
}

export const mayDrill = (context: StreamContext, consent: string | undefined): boolean =>
  drillRefusal(context, consent) === undefined;

export function begun(context: StreamContext, command: CommandRef): Change {
  const { memory, now } = context;
  const drill: Drill = {
    ...{ id: `${context.plan.id}-${now().wallMs.toString(36)}`, command, leg: "away" },
    ...{ from: carrying(context)!, to: understudyOf(context)!.encoder },
    ...{ begunAt: now(), before: memory.lastIncident?.id ?? null, legs: [] },
  };
  return { drill: { ...memory.drill, now: drill } };
}

/** What the stream is asked for by this leg. */
export function orderOf({ memory }: StreamContext): { to: string; command: CommandRef } {
  const drill = memory.drill.now!;
  const { id, leg, command } = drill;
  return {
    to: goesTo(drill),
    command: { id: `${id}/${leg}`, by: `a drill of ${command.by}`.slice(0, 120) },
  };
}

/** The move is over, wherever it led. */
function isSettled({ memory }: StreamContext): boolean {
  const { incident, lastIncident, drill } = memory;
  // A recording that stood still is no move.
  if (incident !== null || lastIncident?.cause === "recording") return false;
  return (lastIncident?.id ?? null) !== drill.now!.before;
}

export const hasArrived = (context: StreamContext): boolean =>
  isSettled(context) && carrying(context) === goesTo(context.memory.drill.now!);

/** Why it is no use to wait any more; undefined: go on. */
export function troubleWith(context: StreamContext): string | undefined {
  const { memory } = context;
  const drill = memory.drill.now!;
  if (memory.goal === "stop") return "it was stopped meanwhile";
  const now = carrying(context);
  if (isSettled(context) && now !== goesTo(drill))
    return `${now ?? "nobody"} carries it instead of ${goesTo(drill)}: ${context.because}`;
  return undefined;
}

/** Between the two moves: is it still as the first has left it? */
export function holds(context: StreamContext): boolean {
  const { memory } = context;
  return (
    carrying(context) === memory.drill.now!.to &&
    memory.incident === null &&
    memory.goal !== "stop" &&
    memory.lastIncident?.id === memory.drill.now!.before
  );
}

/** Also of a leg that led elsewhere: it was measured. */
function withLeg({ memory: { drill, lastIncident } }: StreamContext): Drill {
  const { now } = drill;
  const { id, from, to, offAirMs, segments } = lastIncident!;
  const leg: DrillLeg = {
    ...{ from: from ?? now!.from, to: to ?? goesTo(now!), offAirMs, segments, incident: id },
  };
  return { ...now!, legs: [...now!.legs, leg], before: id };
}

export const arrived = (context: StreamContext): Change => ({
  drill: { ...context.memory.drill, now: withLeg(context) },
});

export const turnedBack = ({ memory: { drill } }: StreamContext): Change => ({
  drill: { ...drill, now: { ...drill.now!, leg: "back" } },
});

export function ended(context: StreamContext, result: DrillResult, because: string | null): Change {
  const { id, command, begunAt, legs } = context.memory.drill.now!;
  const last: DrillReport = {
    ...{ id, by: command.by, beganAtMs: begunAt.wallMs, endedAtMs: context.now().wallMs },
    ...{ result, because, legs },
  };
  return { drill: { now: null, last } };
}

/** Why its way back cannot begin; undefined: it can. */
export function wayBackRefusal(context: StreamContext): string | undefined {
  const { from } = context.memory.drill.now!;
  const ref = (context.plan.relay?.inputs ?? context.plan.encoders).find(
    ({ encoder }) => encoder === from,
  );
  if (!ref) return `${from} is none of its encoders any more`;
  const hindrance = context.plan.relay ? undefined : hinders(context, ref);
  return hindrance === undefined ? undefined : `${from} ${hindrance}`;
}

export function publishedDrill({ memory }: StreamContext): StreamDrill {
  const { now, last } = memory.drill;
  if (!now) return { underWay: null, last };
  const { command, begunAt, leg, from, to } = now;
  return { underWay: { by: command.by, beganAtMs: begunAt.wallMs, leg, from, to }, last };
}

/** A drill is due where the site wants them regularly. */
export function isDrillDue({ plan, memory, now }: StreamContext): boolean {
  const { drillEveryMs } = plan;
  if (drillEveryMs === undefined) return false;
  const { last } = memory.drill;
  // By the wall clock, as whoever plans it counts; one that was set back waits for no new month.
  const sinceMs = last === null ? Infinity : Math.abs(now().wallMs - last.endedAtMs);
  return sinceMs >= drillEveryMs;
}
