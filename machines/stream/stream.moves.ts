/** The steps before anything is taken from anybody: doubt, decision, and whom to fence. */
import type { OutputRef } from "../intents.ts";
import { elapsedMs } from "../time.ts";
import { incidentRecord, type OpenIncident, step, withGap } from "./incident.ts";
import type { RecordingGap } from "./stream.contract.ts";
import { comparisonSentence } from "./content.ts";
import { noLatch } from "./latch.ts";
import { latchAfterLeaving } from "./latch.moves.ts";
import { planOnPath } from "./relay/path.ts";
import {
  at,
  causeSentence,
  nameOf,
  troubleSentence,
  withoutExit,
  withTry,
} from "./stream.changes.ts";
import {
  type Change,
  comparedWithCarrier,
  type Goal,
  lastGood,
  outputOf,
  sameProgramme,
  type StreamContext,
  verdict,
} from "./stream.context.ts";
import type { CommandRef } from "../command/command-ref.ts";

/** The picture may be lost: remember when it was last good. */
export function becameSuspect(context: StreamContext): Change {
  return {
    ...at(context, troubleSentence(context)),
    suspectSince: context.now(),
    lastGoodAt: lastGood(context),
  };
}

/** Nobody can help; what is off air is written down from its beginning to its end. */
export function lostSource(context: StreamContext): Change {
  const because = troubleSentence(context);
  const { incident, incidents } = context.memory;
  return {
    ...at(context, because),
    ...(incident
      ? { incident: step(incident, context.now(), because) }
      : { incident: open(context, "sourceLost", because, false), incidents: incidents + 1 }),
  };
}

export function becameGood(context: StreamContext): Change {
  return {
    ...closedIncident(context),
    ...at(context, `${nameOf(context.carrier)} carries it`),
    suspectSince: null,
    lastGoodAt: context.now(),
  };
}

/** Somebody else took the key from under our carrier. */
export function countedKick({ memory, now }: StreamContext): Change {
  return { kicks: [...memory.kicks.slice(-3), now()] };
}

/** It ended because somebody else publishes there now. */
export function wasKicked(context: StreamContext): Change {
  const { incident } = context.memory;
  const sentence = causeSentence("otherPublisher");
  return {
    ...countedKick(context),
    incident: incident && {
      ...step(incident, context.now(), sentence),
      cause: "otherPublisher",
    },
  };
}

/** It is settled that the carrier no longer carries: open the incident, fence it next. */
export function decidedToLeave(context: StreamContext): Change {
  const now = context.now();
  const { cause } = verdict(context);
  const because = troubleSentence(context);
  const onAir = verdict(context).word === "content";
  const opened = context.memory.incident;
  const incident = opened
    ? { ...step(opened, now, because), decidedAt: now }
    : open(context, cause, because, onAir);
  return {
    ...at(context, because),
    goal: "takeOver",
    suspects: context.carrier ? [context.carrier] : [],
    certificates: [],
    unproven: null,
    // From "suspect" a person may have named where to go. Another picture than the programme is no cure.
    wanted:
      context.memory.command !== null
        ? context.memory.wanted
        : onAir
          ? (sameProgramme(context)?.encoder ?? null)
          : null,
    fencingSince: now,
    suspectSince: null,
    // What a person asks for is no use of the budget.
    switches:
      onAir && context.memory.command === null
        ? [...context.memory.switches.slice(-9), now]
        : context.memory.switches,
    latch: latchAfterLeaving(context),
    // Holding the picture for a minute clears a carrier's earlier failures; less is a failed try.
    tries: heldForAMinute(context)
      ? context.memory.tries.filter((t) => t.encoder !== context.carrier?.encoder)
      : withTry(context, context.carrier, true),
    // What was seen with the exit may prove it off.
    facts: outputOf(context, context.carrier).exit?.gone
      ? context.facts
      : withoutExit(context, context.carrier),
    incidents: context.memory.incidents + (opened ? 0 : 1),
    incident,
  };
}

function heldForAMinute({ memory: { startedAt }, now }: StreamContext): boolean {
  return startedAt === null || elapsedMs(startedAt, now()) >= 60_000;
}

/** A person (or the failback rule) wants another carrier while this one is fine. */
export function decidedToMove(
  context: StreamContext,
  p: { goal: Goal; to: string | null; command: CommandRef | null; by: string; cause?: string },
): Change {
  const now = context.now();
  const because = p.goal === "return" ? `back to the primary (${p.by})` : `asked for by ${p.by}`;
  return {
    ...at(context, because),
    goal: p.goal,
    wanted: p.to,
    command: p.command,
    suspects: context.carrier ? [context.carrier] : context.memory.suspects,
    certificates: [],
    unproven: null,
    fencingSince: now,
    switches:
      p.command === null ? [...context.memory.switches.slice(-9), now] : context.memory.switches,
    // Who returns to it by hand has looked at it; who moves away from it has not.
    latch:
      p.command === null
        ? latchAfterLeaving(context)
        : p.goal === "return"
          ? noLatch
          : context.memory.latch,
    incidents: context.memory.incidents + 1,
    incident: withComparison(
      context,
      p.to,
      open(context, p.cause ?? (p.goal === "return" ? "return" : "command"), because, true),
    ),
  };
}

/** What was known of the two pictures when it was moved. */
function withComparison(context: StreamContext, to: string | null, incident: OpenIncident) {
  const known = to === null ? null : comparedWithCarrier(context, to);
  return known ? step(incident, context.now(), comparisonSentence(known)) : incident;
}

/** Those that have the key, or may have it as far as is remembered. */
export function holders({ carrier, target, memory }: StreamContext): OutputRef[] {
  const refs = [carrier, target, ...memory.suspects].filter((ref) => ref !== null);
  return refs.filter((ref, i) => refs.findIndex((other) => same(other, ref)) === i);
}

/** Off for good: everything that may hold the key has to be proven off it. */
export function decidedToStop(context: StreamContext, command: CommandRef): Change {
  return {
    ...at(context, `stopped by ${command.by}`),
    goal: "stop",
    wanted: null,
    command,
    suspects: holders(context),
    certificates: [],
    unproven: null,
    fencingSince: context.now(),
  };
}

/** The relay that it feeds is not needed now. */
export function stoppedFeeding(context: StreamContext): Change {
  return {
    ...at(context, "its relay is not needed now"),
    goal: "stop",
    wanted: null,
    suspects: holders(context),
    certificates: [],
    unproven: null,
    fencingSince: context.now(),
  };
}

/** Nothing is known of the key: every encoder of this stream may be on it. */
export function suspectAll(context: StreamContext): Change {
  // On path relayed only what publishes for the relay has the key; before, its encoders may have.
  const { encoders, relay } = planOnPath(context.plan, "relayed");
  const all = [...encoders, ...(relay?.inputs ?? []).map(bare)];
  const suspects = all.filter((ref) => {
    const target = context.facts[ref.encoder]?.outputs[ref.output]?.target;
    const heldBy = context.heldBy[ref.encoder]?.[ref.output];
    const elsewhere =
      target !== undefined &&
      target !== null &&
      target !== "none" &&
      target !== context.destination.id;
    return !elsewhere && (heldBy === undefined || heldBy === context.plan.id);
  });
  return {
    ...at(context, "proving every encoder off the key before the first start"),
    goal: "start",
    suspects,
    certificates: [],
    unproven: null,
    fencingSince: context.now(),
  };
}

/** It goes on over blindness and restarts; only a picture ends it. */
export function wentOffAir(context: StreamContext): Change {
  return context.memory.offAirSince === null ? { offAirSince: context.now() } : {};
}

/** The picture was there all the time, or its loss has an incident already. */
export function missedRecording(context: StreamContext, gap: RecordingGap): Change {
  const { incident, incidents } = context.memory;
  const id = nextIncidentId(context);
  const noted = withGap({ stream: context.plan.id, id, open: incident, gap, now: context.now() });
  return incident ? noted : { ...noted, incidents: incidents + 1 };
}

/** It is over, and nobody had to do anything. */
function closedIncident({ memory, now }: StreamContext): Change {
  const { incident } = memory;
  if (!incident) return {};
  const over = { ...step(incident, now(), "the picture is back by itself"), confirmedAt: now() };
  return { incident: null, lastIncident: incidentRecord(over, "recovered", now()) };
}

const nextIncidentId = ({ plan, memory, now }: StreamContext) =>
  `${plan.id}-${now().wallMs.toString(36)}-${memory.incidents + 1}`;

export function open(
  context: StreamContext,
  cause: string,
  what: string,
  planned: boolean,
): OpenIncident {
  const now = context.now();
  const lastGoodAt = planned ? now : lastGood(context);
  const suspectedAt = context.memory.suspectSince ?? now;
  const { carrier, facts } = context;
  const alarms = facts[carrier?.encoder ?? ""]?.alarms;
  return {
    id: nextIncidentId(context),
    stream: context.plan.id,
    cause,
    from: carrier?.encoder ?? null,
    to: null,
    lastGoodAt,
    planned,
    // A box may be suspect while what it sent before still arrives: off air starts after that.
    suspectedAt: elapsedMs(suspectedAt, lastGoodAt) > 0 ? lastGoodAt : suspectedAt,
    decidedAt: now,
    fencedAt: null,
    startedAt: null,
    confirmedAt: null,
    certificate: null,
    timeline: [
      { atMs: lastGoodAt.wallMs, what: planned ? "the picture is good" : "last good picture" },
      { atMs: now.wallMs, what },
      ...(alarms ?? []).map((alarm) => ({
        atMs: now.wallMs,
        what: `${carrier?.encoder} says: ${alarm}`,
      })),
    ],
  };
}

const bare = ({ encoder, output }: OutputRef): OutputRef => ({ encoder, output });
const same = (a: OutputRef, b: OutputRef) => a.encoder === b.encoder && a.output === b.output;
