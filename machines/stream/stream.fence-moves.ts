/** The steps from "who may hold the key?" to "nobody does, proven". */
import type { OutputRef } from "../intents.ts";
import type { FenceEvidence } from "./fence-evidence.ts";
import { certificateFrom, sentenceOf } from "./fence-proof.ts";
import { type OpenIncident, step } from "./incident.ts";
import { at, nameOf, withoutExit } from "./stream.changes.ts";
import { exitProves, powerProves } from "./stream.questions.ts";
import { type Change, quietCertificate, type StreamContext } from "./stream.context.ts";

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

export function certifiedByExit(context: StreamContext): Change {
  const evidence = exitProves(context);
  if (!evidence) return {};
  const facts = withoutExit(context, context.memory.suspects[0] ?? null);
  return { ...certifiedBy(context, [evidence]), facts };
}

export function certifiedByPower(context: StreamContext): Change {
  const evidence = powerProves(context);
  return evidence ? certifiedBy(context, [evidence]) : {};
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
    isAlone: isAlone(context.plan),
    atMs: context.now().wallMs,
  };
}

/** Nobody else may ever publish on this key, now or on the stream's other path. */
const isAlone = ({ encoders, relay, fellBackFrom }: StreamContext["plan"]): boolean =>
  encoders.length === 1 && relay?.directly === undefined && fellBackFrom === undefined;

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
  const { leftBehind, suspects } = context.memory;
  return {
    unproven,
    leftBehind: unproven ? [...leftBehind, ...suspects] : leftBehind,
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
