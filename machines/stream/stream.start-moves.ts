/** The steps from a proven fence to a picture, or to giving up. */
import type { EffectError } from "../effect.ts";
import { incidentRecord, step } from "./incident.ts";
import { relayIsEmpty } from "./relay/relay.ts";
import { at, nameOf, refusalSentence, withoutExit, withTry } from "./stream.changes.ts";
import { type Change, nextCarrier, seenOnAir, type StreamContext } from "./stream.context.ts";
import type { Incident } from "./stream.contract.ts";
import { refusalOf } from "./stream.questions.ts";

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
    // With nothing to publish no start can bring a picture.
    tries: relayIsEmpty(context)
      ? context.memory.tries
      : withTry(context, context.target, false, refusalOf(context)),
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

/** It was booted meanwhile, and may bring a picture now. */
export function forgotTries({ memory: { tries } }: StreamContext, encoder: string): Change {
  return tries.some((t) => t.encoder === encoder)
    ? { tries: tries.filter((t) => t.encoder !== encoder) }
    : {};
}

/** The far end still keeps the session of the fenced encoder: the same start again, later. */
export function ghost(context: StreamContext): Change {
  const refusal = refusalOf(context);
  const why = refusal ? refusalSentence(refusal) : "the far end still keeps the old session";
  const sentence = `${why}: trying ${nameOf(context.target)} again`;
  return {
    because: sentence,
    ghostTries: context.memory.ghostTries + 1,
    startedAt: null,
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
    leftBehind: [],
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
    leftBehind: [],
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
  };
}
