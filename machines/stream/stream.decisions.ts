/** What a stream tells the journal, in words an operator can use. */
import type { Decision } from "../decision.ts";
import { isExpected } from "./schedule.ts";
import { incidentRecord } from "./incident.ts";
import { seenOffAir, seenOnAir, type StreamContext, verdict } from "./stream.context.ts";
import { causeSentence, nameOf, troubleSentence } from "./stream.changes.ts";

export function carriage(context: StreamContext): Decision {
  const word = seenOnAir(context) ? "onAir" : seenOffAir(context) ? "offAir" : "notKnown";
  return {
    type: "stream.carriage",
    severity:
      word === "offAir" && context.memory.goal !== "stop" && isExpected(context.memory.schedule)
        ? "critical"
        : "info",
    message:
      word === "onAir"
        ? `${context.plan.id} is on air`
        : word === "offAir"
          ? `${context.plan.id} is off air at the far end`
          : `nobody can see whether ${context.plan.id} is on air`,
    data: { carriage: word, by: context.farEnd.by, source: context.farEnd.source },
  };
}

export function suspected(context: StreamContext): Decision {
  const { cause, word } = verdict(context);
  const severity = word === "network" ? "critical" : "warning";
  return {
    type: "stream.suspect",
    severity: isExpected(context.memory.schedule) ? severity : "info",
    message:
      word === "source"
        ? `${context.plan.id}: ${troubleSentence(context)}`
        : `${context.plan.id}: ${nameOf(context.carrier)} is suspect, ${causeSentence(cause)}`,
    data: { cause, encoder: context.carrier?.encoder },
  };
}

export function cleared(context: StreamContext): Decision {
  const isSources = context.memory.incident?.cause === "sourceLost";
  return {
    type: "stream.carrier",
    severity: "info",
    message: isSources
      ? `${context.plan.id}: its source sends again`
      : `${context.plan.id}: ${nameOf(context.carrier)} is fine again`,
    data: { encoder: context.carrier?.encoder },
  };
}

export function fenced(context: StreamContext): Decision {
  return {
    type: "stream.fenced",
    severity: context.memory.unproven ? "critical" : "info",
    message: context.memory.unproven
      ? `${context.plan.id}: going on without proof (${context.memory.unproven.kind}, ${context.memory.unproven.by})`
      : `${context.plan.id}: proven off the key: ${
          context.memory.certificates.map((c) => `${c.encoder} (level ${c.level})`).join(", ") ||
          "nobody held it"
        }`,
    data: { certificates: context.memory.certificates, unproven: context.memory.unproven },
  };
}

export function fenceUnproven(context: StreamContext): Decision {
  return {
    type: "stream.fenceUnproven",
    severity: "critical",
    message: `${context.plan.id}: ${context.because}; holding, no other encoder may start`,
    data: { suspects: context.memory.suspects },
  };
}

export function takingOver(context: StreamContext): Decision {
  return {
    type: "stream.takingOver",
    severity: "warning",
    message: `${context.plan.id}: ${context.because}`,
    data: {
      from: context.carrier?.encoder ?? null,
      to: context.target?.encoder ?? null,
      keyGeneration: context.memory.keyGeneration,
      certificates: context.memory.certificates,
      unproven: context.memory.unproven,
    },
  };
}

export function startFailed(context: StreamContext): Decision {
  return {
    type: "stream.startFailed",
    severity: "warning",
    message: `${context.plan.id}: ${context.because}`,
    data: { tries: context.memory.tries.length },
  };
}

export function onAir(context: StreamContext): Decision {
  return {
    type: "stream.onAir",
    severity: "info",
    message: `${context.plan.id}: ${context.because}`,
    data: { encoder: context.carrier?.encoder, keyGeneration: context.memory.keyGeneration },
  };
}

export function needsHuman(context: StreamContext): Decision {
  const { id, feedOf } = context.plan;
  return {
    type: "stream.needsHuman",
    severity: "critical",
    message:
      feedOf === undefined ? `${id} needs you: ${context.because}` : `${id}: ${context.because}`,
    data: { suspects: context.memory.suspects },
  };
}

export function stopped(context: StreamContext): Decision {
  return {
    type: "stream.stopped",
    severity: "info",
    message: `${context.plan.id}: ${context.because}`,
  };
}

/** The incident as it stands; the reader keeps the newest record of each id. */
export function incident(context: StreamContext): Decision | null {
  const record = context.memory.incident
    ? incidentRecord(context.memory.incident, "open", null)
    : context.memory.lastIncident;
  if (!record) return null;
  const seconds =
    record.offAirMs === null ? "" : `, ${(record.offAirMs / 1000).toFixed(1)} s off air`;
  return {
    type: "stream.incident",
    severity: record.outcome === "open" ? "warning" : "info",
    message: `${context.plan.id}: ${causeSentence(record.cause)}, ${record.outcome}${seconds}`,
    data: { incident: record },
  };
}

export function commandDone(context: StreamContext): Decision | null {
  return (
    context.memory.command && {
      type: "command.done",
      severity: "info",
      message: `${context.plan.id}: ${context.because}`,
      data: { command: context.memory.command.id },
    }
  );
}

export function commandRefused(context: StreamContext, code: string): Decision | null {
  return (
    context.memory.command && {
      type: "command.refused",
      severity: "warning",
      message: `${context.plan.id}: ${context.because}`,
      data: { command: context.memory.command.id, code },
    }
  );
}
