/** Questions about a stream that more than one of its guards, delays and effects ask. */
import type { ContentFault } from "../content/look.ts";
import type { Intents, OutputRef } from "../intents.ts";
import { elapsedMs, type Stamp } from "../time.ts";
import { waitMs } from "./candidates.ts";
import type { FenceEvidence } from "./fence-evidence.ts";
import type { Refusal } from "../encoder/reading.ts";
import { lasting } from "./content.ts";
import { isSomeoneElse } from "./judge.ts";
import { relayIsEmpty } from "./relay/relay.ts";
import { isExpected } from "./schedule.ts";
import { refusalSentence } from "./stream.changes.ts";
import type { ClaimReason } from "./stream.events.ts";
import {
  hinders,
  lastGood,
  nextCarrier,
  outputOf,
  seenOnAir,
  showsAnotherThanCarrier,
  type StreamContext,
  verdict,
  verdictOn,
} from "./stream.context.ts";

export function fenceOrder(context: StreamContext): Intents["fence"]["asks"] {
  const ref = context.memory.suspects[0];
  if (!ref) throw new Error("nobody to fence");
  return { ...ref, stream: context.plan.id, destination: context.destination.id };
}

export function startOrder(context: StreamContext): Intents["startOutput"]["asks"] {
  if (!context.target) throw new Error("nobody to start");
  const { id, startWith } = context.plan;
  return {
    ...context.target,
    stream: id,
    destination: context.destination.id,
    keyGeneration: context.memory.keyGeneration,
    ...(startWith && { settings: startWith }),
  };
}

/** Why the target may have the key. */
export function claimReason({ memory }: StreamContext): ClaimReason {
  const { highestGeneration, keyGeneration, unproven, certificates } = memory;
  if (highestGeneration >= keyGeneration && highestGeneration > 0) {
    return { kind: "staleKey", highestGeneration };
  }
  if (unproven?.kind === "lastWins") return { kind: "lastWins", evidence: unproven.by };
  if (unproven) return { kind: "allowUnproven", by: unproven.by };
  return certificates.length > 0 ? { kind: "fenced", certificates } : { kind: "nobodyHeldIt" };
}

/** One of our encoders publishes on this key already. */
export function publishing(context: StreamContext) {
  return context.plan.encoders.find((ref) => {
    const { state, target } = outputOf(context, ref);
    return state === "streaming" && target === context.destination.id;
  });
}

/**
 * The new carrier is seen at the far end; where nobody looks, its own word has to do. A picture
 * that moved before the start does not count.
 */
export function isConfirmed(context: StreamContext): boolean {
  const { memory, farEnd } = context;
  const { startedAt } = memory;
  const output = outputOf(context, context.target);
  if (startedAt === null || output.exit) return false;
  if (farEnd.word !== "unknown") {
    if (isSomeoneElse(farEnd, context.target?.encoder)) return false;
    return seenOnAir(context) && farEnd.movedAt !== null && !isBefore(farEnd.movedAt, startedAt);
  }
  return (
    output.state === "streaming" &&
    output.progress !== "frozen" &&
    (output.keyGeneration === undefined || output.keyGeneration === memory.keyGeneration)
  );
}

const isBefore = (a: Stamp, b: Stamp) =>
  a.bootId === b.bootId ? a.monoMs < b.monoMs : a.wallMs < b.wallMs;

export function fenceOverdue({ memory: { fencingSince }, now, plan }: StreamContext): boolean {
  return fencingSince !== null && elapsedMs(fencingSince, now()) >= plan.fenceTimeoutMs;
}

/**
 * A box that was proven off may have been started by hand since: what waited longer than this for
 * an encoder is proven anew.
 */
const oldestProofMs = 60_000;
export function proofIsTooOld(context: StreamContext): boolean {
  const { memory, facts, now } = context;
  const { certificates, firstCertifiedAt } = memory;
  return (
    certificates.length > 0 &&
    firstCertifiedAt !== null &&
    (elapsedMs(firstCertifiedAt, now()) > oldestProofMs ||
      certificates.some((c) => publishesSince(context, c)) ||
      // A box that has its power back may do anything again.
      certificates.some((c) => c.level === 4 && facts[c.encoder]?.power?.word !== "cut"))
  );
}

/** Read after the proof: somebody has started it at the box. */
function publishesSince(context: StreamContext, { encoder, output }: OutputRef): boolean {
  const { certifiedAt } = context.memory;
  const { state } = outputOf(context, { encoder, output });
  return (
    ["starting", "streaming", "failing"].includes(state) &&
    certifiedAt !== null &&
    elapsedMs(certifiedAt, context.now()) > (context.readingMaxAgeMs[encoder] ?? 0)
  );
}

/** What a box tells of its input is waited for; what was seen has lasted for its time already. */
export function contentFaultMs(context: StreamContext): number {
  const { cause } = verdict(context);
  if (!cause.startsWith("input-")) return 0;
  return context.plan.content[cause.slice("input-".length) as ContentFault].afterMs;
}

/** Longer ago, it is asked for again: evidence is not kept in stock. */
const exitProvesForMs = 1_000;
/** The suspect's process has just ended, and was seen to leave nothing behind on this key. */
export function exitProves({
  memory,
  facts,
  destination,
  now,
}: StreamContext): FenceEvidence | undefined {
  const ref = memory.suspects[0];
  const gone = ref && facts[ref.encoder]?.outputs[ref.output]?.exit?.gone;
  if (gone?.destination !== destination.id) return undefined;
  const ageMs = now().monoMs - gone.atMs;
  if (ageMs < 0 || ageMs > exitProvesForMs) return undefined;
  return { kind: "processGone", lockFree: true, unsentBytes: 0, atMs: gone.atMs };
}

/** Nobody is at the desk sooner: what solves itself in this time is no reason to call a person. */
const soonMs = 30_000;
/** Nobody publishes at the far end, and if that lasts a little longer it is proof. */
export function quietBecomesProof({ farEnd, destination, now }: StreamContext): boolean {
  if (farEnd.word !== "quiet" || !farEnd.provesAbsence || farEnd.quietSince === null) return false;
  return destination.noPublisherProofMs - elapsedMs(farEnd.quietSince, now()) <= soonMs;
}

/**
 * Cutting the power of a box takes everything else with it: only for a picture that is off air (or
 * when a person asked), when somebody could take over, and when no other stream is on that box.
 */
export function mayCutPower(context: StreamContext): boolean {
  const { memory, facts, heldBy, plan } = context;
  const ref = memory.suspects[0];
  if (!ref || memory.goal === "stop" || memory.goal === "start") return false;
  // Its programme is not lost with it: that is the repair of a box, with its consents and its time.
  if (plan.feedOf !== undefined) return false;
  if (!isExpected(memory.schedule) && memory.command === null) return false;
  const box = facts[ref.encoder];
  // On maintenance somebody has a hand in it.
  if (box?.power?.word !== "on" && box?.power?.word !== "unknown") return false;
  if (box.service === "maintenance") return false;
  if (seenOnAir(context) && memory.command === null) return false;
  const others = Object.values(heldBy[ref.encoder] ?? {}).some((stream) => stream !== plan.id);
  return !others && typeof nextCarrier(context) === "object";
}

/** Its power is off, by our own outlet, read back. */
export function powerProves(context: StreamContext): FenceEvidence | undefined {
  const ref = context.memory.suspects[0];
  const power = ref && context.facts[ref.encoder]?.power;
  if (power?.word !== "cut") return undefined;
  const { outlet, isSpoofable } = power;
  return { kind: "outletOff", outlet, isSpoofable, atMs: context.now().wallMs };
}

/** It could carry instead, without trouble of its own, and is not known to show something else. */
function couldRelieve(context: StreamContext, ref: OutputRef): boolean {
  const { carrier, facts, content, plan, now } = context;
  const box = facts[ref.encoder];
  const shown = lasting(content.views[ref.encoder], plan.content, now());
  return (
    ref.encoder !== carrier?.encoder &&
    hinders(context, ref) === undefined &&
    !showsAnotherThanCarrier(context, ref) &&
    (box?.thermal === "normal" || box?.thermal === "unknown") &&
    (box.input === "good" || box.input === "unknown") &&
    !shown.some((fault) => plan.content[fault].does === "act")
  );
}

export const relieverOf = (context: StreamContext): OutputRef | undefined =>
  context.plan.encoders.find((ref) => couldRelieve(context, ref));

/** By its rule it leaves a picture that is seen only for one that is no worse. */
export const primaryIsFit = (context: StreamContext): boolean =>
  context.plan.encoders.slice(0, 1).some((primary) => couldRelieve(context, primary));

export function primaryIsReady(context: StreamContext): boolean {
  const primary = context.plan.encoders[0];
  return (
    primary !== undefined &&
    primary.encoder !== context.carrier?.encoder &&
    hinders(context, primary) === undefined
  );
}

/**
 * Since when it is off, as far as was seen: by the far end's last movement, where somebody looks.
 * It takes `stalledAfterMs` to see that nothing moves; a time in which nobody saw anything, and
 * the lateness of this host, are no evidence and do not count.
 */
export function freezeBegan(context: StreamContext): Stamp {
  const looksOffSince = context.memory.looksOffSince ?? context.now();
  if (context.farEnd.word === "unknown") return looksOffSince;
  const ms = context.destination.stalledAfterMs;
  const earliest = {
    ...looksOffSince,
    monoMs: looksOffSince.monoMs - ms,
    wallMs: looksOffSince.wallMs - ms,
  };
  const moved = lastGood(context);
  return isBefore(moved, earliest) ? earliest : moved;
}

/** What it takes came back a moment ago: it has to find its way into that first. */
export function feedGraceMs({ carrier, facts, graceMs, now }: StreamContext): number {
  const { flow } = facts[carrier?.encoder ?? ""]?.feed ?? {};
  if (!carrier || flow?.word !== "comes" || flow.since === null) return 0;
  return Math.max(0, (graceMs[carrier.encoder] ?? 0) - elapsedMs(flow.since, now()));
}

/**
 * The only one that still has to be proven off holds the key, is well and is seen on air: it
 * carries the stream after all. Not while a person waits for a move.
 */
export function carriesAfterAll(context: StreamContext): boolean {
  const [ref, ...others] = context.memory.suspects;
  return (
    ref !== undefined &&
    others.length === 0 &&
    context.memory.goal !== "stop" &&
    context.memory.command === null &&
    context.heldBy[ref.encoder]?.[ref.output] === context.plan.id &&
    verdictOn(context, ref).word === "good" &&
    seenOnAir(context)
  );
}

/** How long a start waits for who comes first to be read, ms after the proof that all are off. */
export const readAgainMs = 2_000;
/** A host that stood still knows no box until it is read again, and the first read is not the best. */
export function firstIsUnread(context: StreamContext): boolean {
  const { goal, certifiedAt } = context.memory;
  if (goal !== "start" || certifiedAt === null) return false;
  if (elapsedMs(certifiedAt, context.now()) >= readAgainMs) return false;
  const choice = nextCarrier(context);
  if (typeof choice !== "object" || !("ref" in choice)) return false;
  const { encoders } = context.plan;
  return encoders
    .slice(0, encoders.indexOf(choice.ref))
    .some(({ encoder }) => (context.facts[encoder]?.link ?? "unknown") === "unknown");
}

/**
 * Nobody else can start, and the last holder of the key, proven off, was started by hand since:
 * read after the proof, and well.
 */
export function holderPublishesAgain(context: StreamContext): boolean {
  const ref = publishing(context);
  const { certifiedAt } = context.memory;
  return (
    ref !== undefined &&
    context.heldBy[ref.encoder]?.[ref.output] === context.plan.id &&
    verdictOn(context, ref).word === "good" &&
    (certifiedAt === null ||
      elapsedMs(certifiedAt, context.now()) > (context.readingMaxAgeMs[ref.encoder] ?? 0))
  );
}

const kicksCountMs = 600_000;
/** Somebody else took the key from under our encoder twice in ten minutes: a person decides. */
export function isLatchedByKicks(context: StreamContext): boolean {
  const { destination, now } = context;
  const { incident, goal, kicks } = context.memory;
  return (
    incident?.cause === "otherPublisher" &&
    destination.takeover === "lastWins" &&
    goal !== "stop" &&
    kicks.filter((at) => elapsedMs(at, now()) < kicksCountMs).length >= 2
  );
}

/**
 * A kicked process has only ended, as far as it can tell. Its place at the far end is not empty:
 * either the far end has not noticed, or somebody took it.
 */
export function mayBeKicked({ destination, farEnd, memory }: StreamContext): boolean {
  return (
    destination.takeover === "lastWins" &&
    memory.goal === "takeOver" &&
    memory.incident?.planned === false &&
    memory.incident.cause !== "otherPublisher" &&
    farEnd.word === "publishing"
  );
}

/** All of ours are proven off, and the picture there still moves. */
export function strangerCame({ farEnd, memory }: StreamContext): boolean {
  const { certifiedAt } = memory;
  return (
    farEnd.media === "moving" &&
    farEnd.movedAt !== null &&
    certifiedAt !== null &&
    isBefore(certifiedAt, farEnd.movedAt)
  );
}

/** Why the far end did not take the target, as far as is known. */
export const refusalOf = (context: StreamContext): Refusal | undefined =>
  outputOf(context, context.target).refusal;

/** A device that failed and is started again needs so long to say how that went. */
export const restartShowsMs = 5_000;
/**
 * What the target says of the try before says nothing of this one; what feeds a relay is started
 * while it still says that it fails.
 */
export function failedEarly(context: StreamContext): boolean {
  const { startedAt, ghostTries } = context.memory;
  const { exit, state, refusal } = outputOf(context, context.target);
  if (exit || state !== "failing") return exit !== undefined;
  if (ghostTries === 0 && !refusal && context.plan.feedOf === undefined) return true;
  return startedAt !== null && elapsedMs(startedAt, context.now()) >= restartShowsMs;
}

/** Somebody else who was not tried in vain. */
export const othersCanStart = (context: StreamContext, encoder: string): boolean =>
  context.plan.encoders.some((ref) => ref.encoder !== encoder && couldStart(context, ref, 1));

export const couldStart = (context: StreamContext, ref: OutputRef, withinMs: number): boolean =>
  hinders(context, ref) === undefined &&
  waitMs(ref.encoder, context.memory.tries, context.now()) < withinMs;

/**
 * The certificate is of now, and the far end has a publisher, or took none. Whether it is reached at
 * all, another encoder shows sooner.
 */
export function mayBeAGhost(context: StreamContext): boolean {
  const { farEnd, memory, destination, now, target } = context;
  const { certifiedAt } = memory;
  if (certifiedAt === null) return false;
  if (elapsedMs(certifiedAt, now()) >= destination.ghostSessionMs) return false;
  if (farEnd.word === "publishing") return true;
  if (farEnd.word === "quiet" && farEnd.provesAbsence) return false;
  const refusal = refusalOf(context);
  if (refusal === "maybeRefused") return !othersCanStart(context, target!.encoder);
  return refusal === "refused";
}

/**
 * Where the first publisher wins we come when it is free, and do not knock before. Where nobody can
 * look, or not now and a person asks, a knock does no harm: we are refused.
 */
export function farEndMayBeFree({ destination, farEnd, memory }: StreamContext): boolean {
  if (destination.takeover !== "firstWins" || farEnd.word === "quiet") return true;
  return farEnd.word === "unknown" && (!destination.observed || memory.command !== null);
}

/** 1, 2, 4, 8, 8 … s, spread by up to a quarter so that two hosts do not knock together. */
export function ghostBackOffMs({ plan, memory, now }: StreamContext): number {
  const { ghostTries, keyGeneration } = memory;
  const base = 1_000 * Math.min(8, 2 ** ghostTries);
  const spread = [...`${now().bootId}${plan.id}${keyGeneration}${ghostTries}`].reduce(
    (sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1000,
    7,
  );
  return base + (base / 4) * (spread / 1000);
}

/** From the proof that nobody else publishes, the relay gets so long to have pictures, ms. */
const relayStartsWithinMs = 20_000;
export function awaitsRelayMs(context: StreamContext): number {
  const { certifiedAt } = context.memory;
  if (!relayIsEmpty(context) || certifiedAt === null) return 0;
  return Math.max(0, relayStartsWithinMs - elapsedMs(certifiedAt, context.now()));
}

export function nobodyBecause(context: StreamContext): string {
  if (relayIsEmpty(context)) {
    return context.relay === null
      ? "its relay does not run"
      : "no encoder brings pictures to its relay";
  }
  if (!farEndMayBeFree(context)) {
    return context.farEnd.word === "unknown"
      ? "nobody can see whether the far end is free, and the first publisher wins there"
      : "the far end is not free yet, and the first publisher wins there";
  }
  const reasons = context.plan.encoders.map(
    (ref) =>
      `${ref.encoder} ${hinders(context, ref) ?? `${lastTry(context, ref)}, is tried again soon`}`,
  );
  return `no encoder can start: ${reasons.join(", ")}`;
}

function lastTry({ memory: { tries } }: StreamContext, { encoder }: OutputRef): string {
  const refusal = tries.findLast((t) => t.encoder === encoder)?.refusal;
  return refusal ? `is not taken: ${refusalSentence(refusal)}` : "failed a moment ago";
}

export function whyNotStarted(context: StreamContext): string {
  const { exit, state, refusal } = outputOf(context, context.target);
  if (refusal) return refusalSentence(refusal);
  if (exit) return `its process ended (${exit.signal ?? `code ${exit.code}`})`;
  if (state === "failing") return "it says its stream is failing";
  return context.because;
}
