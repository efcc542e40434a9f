/** What each step of a stream remembers: pure functions from context to the part that changes. */
import { deadlineIn, elapsedMs } from "../time.ts";
import type { EffectError } from "../effect.ts";
import type { OutputRef } from "../intents.ts";
import { tryCountsMs } from "./candidates.ts";
import type { FenceEvidence } from "./fence-evidence.ts";
import { certificateFrom, sentenceOf } from "./fence-proof.ts";
import { incidentRecord, type OpenIncident, step } from "./incident.ts";
import type { Incident } from "./stream.contract.ts";
import {
  type Goal,
  lastGood,
  nextCarrier,
  quietCertificate,
  sameProgramme,
  seenOnAir,
  type Change,
  type StreamContext,
  verdict,
} from "./stream.context.ts";
import type { CommandRef } from "./stream.events.ts";

const at = (context: StreamContext, because: string): Change => ({
  since: context.now(),
  because,
});

/** The picture may be lost: remember when it was last good. */
export function becameSuspect(context: StreamContext): Change {
  const { cause } = verdict(context);
  return {
    ...at(context, `${nameOf(context.carrier)}: ${causeSentence(cause)}`),
    suspectSince: context.now(),
    lastGoodAt: lastGood(context),
  };
}

export function becameGood(context: StreamContext): Change {
  return {
    ...at(context, `${nameOf(context.carrier)} carries it`),
    suspectSince: null,
    lastGoodAt: context.now(),
  };
}

/** Somebody else took the key from under our carrier. */
export function countedKick({ memory, now }: StreamContext): Change {
  return { kicks: [...memory.kicks.slice(-3), now()] };
}

/** It is settled that the carrier no longer carries: open the incident, fence it next. */
export function decidedToLeave(context: StreamContext): Change {
  const now = context.now();
  const { cause } = verdict(context);
  const because = `${nameOf(context.carrier)}: ${causeSentence(cause)}`;
  const onAir = verdict(context).word === "content";
  const incident = open(context, cause, because, onAir);
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
    switches: onAir ? [...context.memory.switches.slice(-9), now] : context.memory.switches,
    // Holding the picture for a minute clears a carrier's earlier failures; less is a failed try.
    tries: heldForAMinute(context)
      ? context.memory.tries.filter((t) => t.encoder !== context.carrier?.encoder)
      : withTry(context, context.carrier, true),
    facts: withoutExit(context, context.carrier),
    incidents: context.memory.incidents + 1,
    incident,
  };
}

function heldForAMinute({ memory: { startedAt }, now }: StreamContext): boolean {
  return startedAt === null || elapsedMs(startedAt, now()) >= 60_000;
}

/** A person (or the failback rule) wants another carrier while this one is fine. */
export function decidedToMove(
  context: StreamContext,
  p: { goal: Goal; to: string | null; command: CommandRef | null; by: string },
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
    incidents: context.memory.incidents + 1,
    incident: open(context, p.goal === "return" ? "return" : "command", because, true),
  };
}

/** Off for good: everything that may hold the key has to be proven off it. */
export function decidedToStop(context: StreamContext, command: CommandRef): Change {
  const holders = [context.carrier, context.target, ...context.memory.suspects].filter(
    (r) => r !== null,
  );
  return {
    ...at(context, `stopped by ${command.by}`),
    goal: "stop",
    wanted: null,
    command,
    suspects: holders.filter((r, i) => holders.findIndex((o) => same(o, r)) === i),
    certificates: [],
    unproven: null,
    fencingSince: context.now(),
  };
}

/** Nothing is known of the key: every encoder of this stream may be on it. */
export function suspectAll(context: StreamContext): Change {
  const suspects = context.plan.encoders.filter((ref) => {
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

/** The next suspect is proven off by what was gathered. */
export function certifiedBy(context: StreamContext, evidence: readonly FenceEvidence[]): Change {
  const [ref, ...rest] = context.memory.suspects;
  const certificate = ref && certificateFrom(evidence, certificateFor(context, ref));
  return certificate ? withCertificate(context, certificate, rest) : {};
}

export function certifiedByQuiet(context: StreamContext): Change {
  const [ref, ...rest] = context.memory.suspects;
  const certificate = ref && quietCertificate(context, ref);
  return certificate ? withCertificate(context, certificate, rest) : {};
}

function withCertificate(
  context: StreamContext,
  certificate: NonNullable<ReturnType<typeof certificateFrom>>,
  suspects: OutputRef[],
): Change {
  const sentence = `${certificate.encoder} is proven off (level ${certificate.level}): ${certificate.evidence.join("; ")}`;
  return {
    suspects,
    certificates: [...context.memory.certificates, certificate],
    firstCertifiedAt:
      context.memory.certificates.length === 0 ? context.now() : context.memory.firstCertifiedAt,
    because: sentence,
    incident: context.memory.incident && {
      ...step(context.memory.incident, context.now(), sentence),
      certificate,
    },
  };
}

export function proves(context: StreamContext, evidence: readonly FenceEvidence[]): boolean {
  const ref = context.memory.suspects[0];
  return ref !== undefined && certificateFrom(evidence, certificateFor(context, ref)) !== null;
}

function certificateFor(context: StreamContext, ref: OutputRef) {
  return {
    ...ref,
    destination: context.destination.id,
    noPublisherProofMs: context.destination.noPublisherProofMs,
    isAlone: context.plan.encoders.length === 1,
    atMs: context.now().wallMs,
  };
}

/** The suspect could not be proven off. */
export function unprovenBecause(
  context: StreamContext,
  evidence: readonly FenceEvidence[],
): Change {
  const ref = context.memory.suspects[0] ?? null;
  const { incident } = context.memory;
  const seen = evidence.length > 0 ? evidence.map(sentenceOf).join("; ") : "nothing could be seen";
  const sentence = `${nameOf(ref)} is not proven off the key: ${seen}`;
  return {
    because: sentence,
    incident:
      incident && isNews(incident, sentence) ? step(incident, context.now(), sentence) : incident,
  };
}

/** The same attempt with the same outcome is told once, whatever its figures are. */
function isNews({ timeline }: OpenIncident, sentence: string): boolean {
  const gist = (text: string | undefined) => text?.replace(/\d+/g, "#");
  return gist(timeline.at(-1)?.what) !== gist(sentence);
}

/** Everybody is proven off, or a named reason stands in. */
export function proven(
  context: StreamContext,
  unproven: StreamContext["memory"]["unproven"],
): Change {
  const now = context.now();
  return {
    unproven,
    suspects: [],
    certifiedAt: now,
    ghostTries: 0,
    incident: context.memory.incident && {
      ...(unproven
        ? step(
            context.memory.incident,
            now,
            `going on without proof: ${unproven.kind} (${unproven.by})`,
          )
        : context.memory.incident),
      fencedAt: context.memory.incident.fencedAt ?? now,
    },
  };
}

/** Those who were proven off a while ago have to be proven off again. */
export function proofAged(context: StreamContext): Change {
  const now = context.now();
  const sentence = "the proof has aged while no encoder could start: proving it again";
  const { incident, certificates } = context.memory;
  return {
    ...at(context, sentence),
    suspects: certificates.map(({ encoder, output }) => ({ encoder, output })),
    certificates: [],
    fencingSince: now,
    incident: incident && step(incident, now, sentence),
  };
}

/** The driver knows a newer generation of this key than the journal does. */
export function sawGeneration(context: StreamContext, error: EffectError): Change {
  const { highestGeneration, incident } = context.memory;
  const sentence = `${nameOf(context.target)} knows a newer generation of the key: asking for one above it`;
  return {
    ...at(context, sentence),
    highestGeneration: Math.max(highestGeneration, error.highestGeneration ?? 0),
    incident: incident && step(incident, context.now(), sentence),
  };
}

export function chose(context: StreamContext): Change {
  const choice = nextCarrier(context);
  return typeof choice === "object" && "ref" in choice ? { target: choice.ref } : {};
}

export function granted(context: StreamContext, keyGeneration: number): Change {
  const what = `${nameOf(context.target)} is to carry it (key generation ${keyGeneration})`;
  return {
    ...at(context, what),
    keyGeneration,
    highestGeneration: 0,
    startedAt: null,
    facts: withoutExit(context, context.target),
    incident: context.memory.incident && {
      ...step(context.memory.incident, context.now(), what),
      to: context.target?.encoder ?? null,
    },
  };
}

export function started(context: StreamContext): Change {
  const now = context.now();
  return {
    startedAt: now,
    incident: context.memory.incident && {
      ...step(context.memory.incident, now, `${nameOf(context.target)} was started`),
      startedAt: now,
    },
  };
}

/** The start did not bring a picture: it counts against that encoder, and it is fenced again. */
export function startFailed(context: StreamContext, why: string): Change {
  const sentence = `${nameOf(context.target)} did not bring a picture: ${why}`;
  return {
    ...at(context, sentence),
    tries: withTry(context, context.target, false),
    suspects: context.target ? [context.target] : [],
    certificates: [],
    unproven: null,
    wanted: null,
    target: null,
    fencingSince: context.now(),
    facts: withoutExit(context, context.target),
    incident: context.memory.incident && step(context.memory.incident, context.now(), sentence),
  };
}

/** The far end still keeps the session of the fenced encoder: the same start again, later. */
export function ghost(context: StreamContext): Change {
  const sentence = `the far end still keeps the old session: trying ${nameOf(context.target)} again`;
  return {
    because: sentence,
    ghostTries: context.memory.ghostTries + 1,
    facts: withoutExit(context, context.target),
    incident: context.memory.incident && step(context.memory.incident, context.now(), sentence),
  };
}

/** The target carries the picture. */
export function took(context: StreamContext): Change {
  const now = context.now();
  const what = seenOnAir(context)
    ? `the far end receives it from ${nameOf(context.target)}`
    : `${nameOf(context.target)} says it is streaming (nobody looks at the far end)`;
  const incident = context.memory.incident && {
    ...step(context.memory.incident, now, what),
    confirmedAt: now,
  };
  const outcome: Incident["outcome"] =
    context.carrier?.encoder === context.target?.encoder ? "restarted" : "tookOver";
  return {
    ...at(context, `${nameOf(context.target)} carries it`),
    carrier: context.target,
    target: null,
    wanted: null,
    certificates: [],
    unproven: null,
    incident: null,
    lastIncident: incident ? incidentRecord(incident, outcome, now) : context.memory.lastIncident,
    fencingSince: null,
    suspectSince: null,
    confirmedAt: now,
    lastGoodAt: now,
  };
}

/** It was on air all along, or came back by itself before anything was taken from it. */
export function recovered(context: StreamContext): Change {
  const now = context.now();
  const incident = context.memory.incident && {
    ...step(context.memory.incident, now, "the picture is back by itself"),
    confirmedAt: now,
  };
  return {
    ...at(context, `${nameOf(context.memory.suspects[0] ?? context.carrier)} carries it again`),
    goal: "takeOver",
    carrier: context.memory.suspects[0] ?? context.carrier,
    suspects: [],
    target: null,
    wanted: null,
    incident: null,
    lastIncident: incident
      ? incidentRecord(incident, "recovered", now)
      : context.memory.lastIncident,
    fencingSince: null,
    suspectSince: null,
    lastGoodAt: now,
  };
}

export function stopped(context: StreamContext): Change {
  const now = context.now();
  return {
    ...at(context, "stopped: nobody publishes, proven"),
    carrier: null,
    target: null,
    suspects: [],
    certificates: [],
    incident: null,
    lastIncident: context.memory.incident
      ? incidentRecord(step(context.memory.incident, now, "stopped"), "stopped", now)
      : context.memory.lastIncident,
    tries: [],
    eventEnds: null,
  };
}

/** The count-down of the destination goes on over blindness and restarts; only a picture ends it. */
export function wentOffAir(context: StreamContext): Change {
  if (context.memory.offAirSince !== null) return {};
  const endsAfter = context.destination.offAirEndsEventAfterMs;
  return {
    offAirSince: context.now(),
    eventEnds: endsAfter === undefined ? null : deadlineIn(endsAfter, context.now()),
  };
}

function open(context: StreamContext, cause: string, what: string, planned: boolean): OpenIncident {
  const now = context.now();
  const lastGoodAt = planned ? now : lastGood(context);
  const suspectedAt = context.memory.suspectSince ?? now;
  return {
    id: `${context.plan.id}-${now.wallMs.toString(36)}-${context.memory.incidents + 1}`,
    stream: context.plan.id,
    cause,
    from: context.carrier?.encoder ?? null,
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
    ],
  };
}

function withTry(context: StreamContext, ref: OutputRef | null, brought: boolean) {
  const now = context.now();
  const recent = context.memory.tries.filter((t) => elapsedMs(t.at, now) < tryCountsMs);
  return ref ? [...recent.slice(-31), { encoder: ref.encoder, at: now, brought }] : recent;
}

/** An exit is news once: it must not fail the next start. */
function withoutExit(context: StreamContext, ref: OutputRef | null) {
  if (!ref) return context.facts;
  const facts = context.facts[ref.encoder];
  const output = facts?.outputs[ref.output];
  if (!facts || !output?.exit) return context.facts;
  const { exit: _, ...rest } = output;
  return {
    ...context.facts,
    [facts.encoder]: { ...facts, outputs: { ...facts.outputs, [ref.output]: rest } },
  };
}

const same = (a: OutputRef, b: OutputRef) => a.encoder === b.encoder && a.output === b.output;
export const nameOf = (ref: OutputRef | null) => ref?.encoder ?? "nobody";

const causes: Record<string, string> = {
  processExited: "its process has ended",
  frozen: "it makes no more pictures",
  network: "the network does not take what it sends",
  deviceFailing: "it says its stream is failing",
  deviceIdle: "it says it is not streaming",
  farEndQuiet: "the far end has no publisher",
  farEndStalled: "nothing arrives at the far end",
  farEndRefuses: "the far end refuses it",
  otherPublisher: "somebody else publishes in its place",
};
export function causeSentence(cause: string): string {
  return causes[cause] ?? (cause.startsWith("input-") ? `its input is ${cause.slice(6)}` : cause);
}
