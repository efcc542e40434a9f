import type { MeasuredInput } from "./relay/measures.ts";
import type { ContentFault } from "../content/look.ts";
import { type FarEndFacts, unknownFarEnd } from "../destination/far-end.ts";
import { type EncoderFacts, unknownOutput } from "../encoder/facts.ts";
import type { OutputRef } from "../intents.ts";
import type { DestinationPlan, EncoderPlan, StreamPlan } from "../site/plan.ts";
import { type Deadline, elapsedMs, rebased, type Stamp } from "../time.ts";
import { noSchedule, rebasedSchedule, type Schedule } from "./schedule.ts";
import { type Latch, noLatch, rebasedLatch } from "./latch.ts";
import { type Calls, noCalls, type Raised, rebasedCalls, rebasedRaised } from "../raised.ts";
import { type Choice, choose, hindrance, rank, type Try } from "./candidates.ts";
import type { OpenIncident } from "./incident.ts";
import { actingFault, comparisonOf, isFreeOf, nothingSeen, type StreamContent } from "./content.ts";
import { judge, sourceLost, type Verdict } from "./judge.ts";
import { type DrillMemory, noDrill, rebasedDrill } from "./drill/drill-memory.ts";
import { pusherOf } from "./relay/names.ts";
import { planOnPath } from "./relay/path.ts";
import {
  hotUnderstudy,
  inputsOf,
  rebasedRelay,
  relayIsEmpty,
  type RelayMemory,
  type RelayWord,
  newRelayMemory,
} from "./relay/relay.ts";
import { isDryFor, isSpare, spareHindrance } from "./spares.ts";
import type { FenceCertificate, Incident } from "./stream.contract.ts";
import type { CommandRef } from "../command/command-ref.ts";

/** What the fence is for, once it is proven. */
export type Goal = "start" | "takeOver" | "return" | "stop";

export type StreamContext = {
  plan: StreamPlan;
  destination: DestinationPlan;
  /** Grace after a start, by encoder. */
  graceMs: Record<string, number>;
  /** A reading is believed for so long, by encoder. */
  readingMaxAgeMs: Record<string, number>;
  now: () => Stamp;

  /** The carrier state of the last run, or undefined on a first start. */
  was: string | undefined;

  // What is known of the world; lost with a restart and read again.
  facts: Record<string, EncoderFacts>;
  heldBy: Record<string, Record<string, string>>;
  farEnd: FarEndFacts;
  content: StreamContent;
  /** The relay's last word; null: it runs not, or was not heard since the start. */
  relay: RelayWord | null;
  /** What it measures of its inputs, by encoder. */
  measured: Readonly<Record<string, MeasuredInput>>;
  /** Who of them stays cold for want of processor, and why. */
  heldCold: Readonly<Record<string, string>>;

  // What was decided; survives a restart.
  carrier: OutputRef | null;
  target: OutputRef | null;
  since: Stamp;
  because: string;
  memory: Decided;
};

/**
 * The rest of what was decided. In an object of its own because each `assign` copies all keys of a
 * context, and from 17 on V8 keeps them in a hash table: 19 µs a copy instead of 1.
 */
type Decided = {
  keyGeneration: number;
  /** What a driver has refused ours for; 0 = nothing. */
  highestGeneration: number;
  goal: Goal;
  /** Outputs that still have to be proven off the key, and the proofs so far. */
  suspects: OutputRef[];
  certificates: FenceCertificate[];
  unproven: { kind: "lastWins" | "allowUnproven"; by: string } | null;
  /** Of the incident under way: passed over without proof, and may publish as long as nobody took over. */
  leftBehind: OutputRef[];
  tries: Try[];
  /** Switches away from a carrier that was on air. */
  switches: Stamp[];
  latch: Latch;
  /** When somebody else took the key from under our carrier. */
  kicks: Stamp[];
  incident: OpenIncident | null;
  lastIncident: Incident | null;
  /** Raised with each incident: makes its id. */
  incidents: number;
  command: CommandRef | null;
  /** A person or a command named where to go. */
  wanted: string | null;
  ghostTries: number;
  fencingSince: Stamp | null;
  /** When the oldest and the last of `certificates` were made. */
  firstCertifiedAt: Stamp | null;
  certifiedAt: Stamp | null;
  startedAt: Stamp | null;
  /** Since then the far end has its picture, and the carrier was not read anew; else null. */
  confirmedAt: Stamp | null;
  offAirSince: Stamp | null;
  eventEnds: Deadline | null;
  suspectSince: Stamp | null;
  /** Since when the evidence, if it lasts, means off air; null while it does not. */
  looksOffSince: Stamp | null;
  lastGoodAt: Stamp;
  /** When it is expected on air. */
  schedule: Schedule;
  /** When its alarms were raised, and when a person was called. */
  raised: Raised;
  calls: Calls;
  relay: RelayMemory;
  drill: DrillMemory;
};

/** Lasting part of the context: everything but the world and the way to look at it. */
export type StreamMemory = Decided &
  Pick<StreamContext, "carrier" | "target" | "since" | "because">;
type Later = "leftBehind" | "schedule" | "latch" | "raised" | "calls" | "relay" | "drill";
/** What journals from before it was kept do not have. */
export type StreamResume = {
  carrier: string;
  memory: Omit<StreamMemory, Later> & Partial<Pick<StreamMemory, Later>>;
};

/** What a step changes; see stream.moves.ts. */
export type Change = Partial<StreamMemory & Pick<StreamContext, "facts" | "plan">>;

/** The context after a step. */
export function changed(context: StreamContext, change: Change): Partial<StreamContext> {
  const {
    carrier = context.carrier,
    target = context.target,
    since = context.since,
    because = context.because,
    facts = context.facts,
    plan = context.plan,
    ...rest
  } = change;
  return { plan, carrier, target, since, because, facts, memory: { ...context.memory, ...rest } };
}

export type StreamInput = {
  plan: StreamPlan;
  destination: DestinationPlan;
  encoders: EncoderPlan[];
  now: () => Stamp;
  resume?: StreamResume;
};

export function newStreamContext(input: StreamInput): StreamContext {
  const now = input.now();
  const resumed = planOnPath(
    input.plan,
    input.resume?.memory.relay?.fellBack ? "direct" : "relayed",
  );
  const isElsewhere = input.resume !== undefined && wasOnOtherPath(resumed, input.resume);
  const plan = isElsewhere ? input.plan : resumed;
  const { carrier, target, since, because, ...kept } = input.resume
    ? rebasedMemory(isElsewhere ? withoutCarrier(input.resume.memory) : input.resume.memory, now)
    : newMemory(now, plan);
  const isForgotten = kept.relay.fellBack && plan.fellBackFrom === undefined;
  const memory = isForgotten ? { ...kept, relay: { ...kept.relay, fellBack: null } } : kept;
  return {
    plan,
    destination: input.destination,
    graceMs: Object.fromEntries(input.encoders.map((e) => [e.id, e.firstFrameGraceMs])),
    readingMaxAgeMs: Object.fromEntries(input.encoders.map((e) => [e.id, e.readingMaxAgeMs])),
    now: input.now,
    was: isElsewhere ? undefined : input.resume?.carrier,
    facts: {},
    heldBy: {},
    farEnd: unknownFarEnd(input.plan.destination),
    content: nothingSeen,
    relay: null,
    measured: {},
    heldCold: {},
    carrier,
    target,
    since,
    because,
    memory,
  };
}

/**
 * It was carried on the other path when it was known last, and the configuration was changed since:
 * then it is looked who publishes, as if nothing were remembered of that.
 */
function wasOnOtherPath(
  { id, encoders, relay, fellBackFrom }: StreamPlan,
  { carrier, memory }: StreamResume,
) {
  if (carrier === "stopped" || carrier === "offDuty") return false;
  const refs = [memory.carrier, memory.target, ...memory.suspects].filter((ref) => ref !== null);
  const own = [...encoders, ...(fellBackFrom?.encoders ?? [])];
  const others = refs.filter(({ encoder }) => !own.some((ref) => ref.encoder === encoder));
  return others.some(
    ({ encoder }) => relay !== undefined || fellBackFrom !== undefined || encoder === pusherOf(id),
  );
}

const withoutCarrier = (memory: StreamResume["memory"]): StreamResume["memory"] => ({
  ...memory,
  ...{ carrier: null, target: null, suspects: [], certificates: [], incident: null, goal: "start" },
  leftBehind: [],
  relay: { ...rebasedRelay(memory.relay, memory.since), on: false, fellBack: null },
});

/** One that is kept for sessions is missed by nobody before the first. */
function newMemory(now: Stamp, { sessions }: StreamPlan): StreamMemory {
  return {
    carrier: null,
    target: null,
    since: now,
    because: "looking who publishes before doing anything",
    keyGeneration: 0,
    highestGeneration: 0,
    goal: sessions === true ? "stop" : "start",
    suspects: [],
    certificates: [],
    unproven: null,
    leftBehind: [],
    tries: [],
    switches: [],
    latch: noLatch,
    kicks: [],
    incident: null,
    lastIncident: null,
    incidents: 0,
    command: null,
    wanted: null,
    ghostTries: 0,
    fencingSince: null,
    firstCertifiedAt: null,
    certifiedAt: null,
    confirmedAt: null,
    startedAt: null,
    offAirSince: null,
    eventEnds: null,
    suspectSince: null,
    looksOffSince: null,
    lastGoodAt: now,
    schedule: noSchedule,
    raised: {},
    calls: noCalls,
    relay: newRelayMemory(now),
    drill: noDrill,
  };
}

/** Moments of an earlier boot, in the clock of this one. */
function rebasedMemory(memory: StreamResume["memory"], now: Stamp): StreamMemory {
  const maybe = (then: Stamp | null) => then && rebased(then, now);
  return {
    ...memory,
    leftBehind: memory.leftBehind ?? [],
    tries: memory.tries.map((t) => ({ ...t, at: rebased(t.at, now) })),
    switches: memory.switches.map((at) => rebased(at, now)),
    latch: rebasedLatch(memory.latch, now),
    kicks: memory.kicks.map((at) => rebased(at, now)),
    fencingSince: maybe(memory.fencingSince),
    firstCertifiedAt: maybe(memory.firstCertifiedAt),
    certifiedAt: maybe(memory.certifiedAt),
    confirmedAt: null,
    startedAt: maybe(memory.startedAt),
    offAirSince: maybe(memory.offAirSince),
    suspectSince: maybe(memory.suspectSince),
    looksOffSince: null,
    lastGoodAt: rebased(memory.lastGoodAt, now),
    since: rebased(memory.since, now),
    schedule: rebasedSchedule(memory.schedule, now),
    raised: rebasedRaised(memory.raised, now),
    calls: rebasedCalls(memory.calls, now),
    relay: rebasedRelay(memory.relay, now),
    drill: rebasedDrill(memory.drill, now),
  };
}

const unknown: Verdict = { word: "unknown", cause: "unknown", commits: false };

export function verdict(context: StreamContext): Verdict {
  return verdictOn(context, context.carrier);
}

export function verdictOn(context: StreamContext, ref: OutputRef | null): Verdict {
  const facts = ref && context.facts[ref.encoder];
  if (!facts) return unknown;
  const output = facts.outputs[ref.output] ?? unknownOutput;
  // What publishes for a relay stands still with it, and is not at fault.
  if (relayIsEmpty(context) && !output.exit) {
    const isSources = context.relay !== null && isSourceLost(context, ref);
    return isSources ? sourceLost : { ...unknown, cause: "noInput" };
  }
  const { content, farEnd, memory, now } = context;
  const policy = context.plan.content;
  const shows = {
    acts: (fault: ContentFault) => policy[fault].does === "act",
    shown: actingFault(content, ref.encoder, policy, { now: now(), startedAt: memory.startedAt }),
    isSourceLost: isSourceLost(context, ref),
  };
  const isRead = memory.confirmedAt === null || ref.encoder !== context.carrier?.encoder;
  const told = speaksOfBefore(context, ref) ? unknownOutput : output;
  return judge(facts, told, farEnd, shows, isRead);
}

/** Nothing comes to it, nor to anybody who could take its place. */
function isSourceLost(context: StreamContext, ref: OutputRef): boolean {
  const { plan } = context;
  if (plan.relay) {
    const mayBring = new Set(inputsOf(context).map(({ encoder }) => encoder));
    return plan.relay.inputs.every(
      (other) =>
        isDryFor(context, other) ||
        (!mayBring.has(other.encoder) && spareHindrance(context, other) !== undefined),
    );
  }
  if (!isDryFor(context, ref)) return false;
  return plan.encoders.every(
    (other) => isDryFor(context, other) || hinders(context, other) !== undefined,
  );
}

/**
 * The far end has the picture of a new carrier that was not read since: what was read says how it
 * was before. Once nothing arrives there, everything counts.
 */
function speaksOfBefore(context: StreamContext, ref: OutputRef): boolean {
  const { confirmedAt } = context.memory;
  return (
    confirmedAt !== null &&
    ref.encoder === context.carrier?.encoder &&
    outputOf(context, ref).exit === undefined &&
    seenOnAir(context) &&
    elapsedMs(confirmedAt, context.now()) < (context.readingMaxAgeMs[ref.encoder] ?? 0)
  );
}

export function outputOf(context: StreamContext, ref: OutputRef | null) {
  return (ref && context.facts[ref.encoder]?.outputs[ref.output]) || unknownOutput;
}

/**
 * When the picture was last known to be there. Where nobody sees the far end, a carrier is good
 * until something speaks against it, and from then on that moment stands.
 */
export function lastGood(context: StreamContext): Stamp {
  const { farEnd, now } = context;
  const { suspectSince, lastGoodAt } = context.memory;
  if (farEnd.word !== "unknown" && farEnd.movedAt !== null) return farEnd.movedAt;
  return farEnd.word === "unknown" && suspectSince === null ? now() : lastGoodAt;
}

/** Is the picture at the far end, by its own word? */
export function seenOnAir({ farEnd }: StreamContext): boolean {
  return farEnd.word === "publishing" && farEnd.media === "moving";
}
export function seenOffAir({ farEnd }: StreamContext): boolean {
  return farEnd.word === "quiet" || (farEnd.word === "publishing" && farEnd.media === "stalled");
}

export function hinders(context: StreamContext, ref: OutputRef): string | undefined {
  const box = context.facts[ref.encoder];
  const heldBy = context.heldBy[ref.encoder]?.[ref.output];
  const feeds = context.plan.feedOf !== undefined;
  return hindrance(ref, box, heldBy, context.plan.id, feeds) ?? spareHindrance(context, ref);
}

/** Before an encoder of its own that gets no picture, after one that is only warm. */
const spareRank = 1.5;

/** Who carries next, by goal, wish and order. A wish for a box that cannot start is forgotten. */
export function nextCarrier(context: StreamContext): Choice {
  const { plan, carrier, memory } = context;
  const wished = plan.encoders.filter(
    (ref) => ref.encoder === context.memory.wanted && hinders(context, ref) === undefined,
  );
  const wanted = wished.length > 0 ? context.memory.wanted : null;
  const among = wanted === null ? plan.encoders : wished;
  return choose({
    encoders: among,
    failed: memory.goal === "takeOver" ? carrier : null,
    tries: wanted === null ? context.memory.tries : [],
    hindered: (ref) => hinders(context, ref) !== undefined,
    rank: (ref) =>
      rank(context.facts[ref.encoder]) +
      (showsAnotherThanCarrier(context, ref) ? 4 : 0) +
      (isSpare(context, ref) ? spareRank : 0),
    now: context.now(),
  });
}

/** The best encoder that is not carrying, whatever it was tried for. */
export function understudyOf(context: StreamContext): OutputRef | null {
  if (context.plan.relay) return hotUnderstudy(context);
  return context.plan.encoders.find((ref) => standsBy(context, ref)) ?? null;
}

/** The same, of those that are not known to show another programme. */
export function alikeUnderstudyOf(context: StreamContext): OutputRef | null {
  const may = (ref: OutputRef) => !showsAnotherThanCarrier(context, ref);
  if (!context.plan.relay)
    return context.plan.encoders.find((ref) => standsBy(context, ref) && may(ref)) ?? null;
  const hot = hotUnderstudy(context);
  return hot && may(hot) ? hot : null;
}

const standsBy = (context: StreamContext, ref: OutputRef): boolean =>
  ref.encoder !== context.carrier?.encoder &&
  ref.encoder !== context.target?.encoder &&
  hinders(context, ref) === undefined;

/**
 * Who may replace a carrier that is on air without its programme: an encoder with the same source
 * that was seen to have what the carrier lacks, and is not known to show something else. Where a
 * box told of the fault, the other's word that its input is good is enough; what was seen in the
 * picture has to be seen better. Unknown is no reason to believe that it shows the programme.
 */
export function sameProgramme(context: StreamContext): OutputRef | null {
  const { carrier, facts, plan } = context;
  const source = carrier && facts[carrier.encoder]?.source;
  if (!source) return null;
  const { cause } = verdict(context);
  return (
    plan.encoders.find(
      (ref) =>
        ref.encoder !== carrier.encoder &&
        facts[ref.encoder]?.source === source &&
        hasWhatLacks(context, ref.encoder, cause) &&
        !showsAnotherThanCarrier(context, ref) &&
        hinders(context, ref) === undefined,
    ) ?? null
  );
}

/** @param cause `input-` or `shows-`, and the fault of the one on air */
export function hasWhatLacks(context: StreamContext, encoder: string, cause: string): boolean {
  const { facts, content, plan, now } = context;
  const fault = cause.replace(/^(input|shows)-/, "") as ContentFault;
  const { input } = facts[encoder]!;
  if (input !== "good" && input !== "unknown") return false;
  const isFree = isFreeOf(content.views[encoder], fault, plan.content, now());
  return isFree ?? (cause.startsWith("input-") && input === "good");
}

/** What is known of how this one and the carrier compare. */
export const comparedWithCarrier = (
  { carrier, content, plan, now }: StreamContext,
  encoder: string,
): StreamContent["comparison"] =>
  carrier && comparisonOf(content, [carrier.encoder, encoder], plan.content, now());

export function showsAnotherThanCarrier(context: StreamContext, { encoder }: OutputRef): boolean {
  return comparedWithCarrier(context, encoder)?.word === "different";
}

/** Switches away from an on-air carrier that the budget still allows. */
export function budgetLeft({ plan, memory, now }: StreamContext): number {
  if (memory.latch.moves) return 0;
  const within = (ms: number) => memory.switches.filter((at) => elapsedMs(at, now()) < ms).length;
  return Math.max(
    0,
    Math.min(plan.budget.per10Min - within(600_000), plan.budget.perHour - within(3_600_000)),
  );
}

/** A proof that the far end's own quiet has become, or null. */
export function quietCertificate(context: StreamContext, ref: OutputRef): FenceCertificate | null {
  const { farEnd, now, destination } = context;
  const { quietSince, quietUntil, provesAbsence } = farEnd;
  if (farEnd.word !== "quiet" || !provesAbsence || !quietSince || !quietUntil) return null;
  const forMs = elapsedMs(quietSince, quietUntil);
  if (forMs < destination.noPublisherProofMs) return null;
  return {
    level: 3,
    encoder: ref.encoder,
    output: ref.output,
    destination: destination.id,
    evidence: [
      `${farEnd.source ?? "the far end"} saw no publisher for ${Math.round(forMs / 1000)} s`,
    ],
    atMs: now().wallMs,
  };
}
