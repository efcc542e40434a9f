/** May a box lose its picture for a moment, for its own good? Answered for the whole facility. */
import type { EncoderContext } from "../encoder/encoder.context.ts";
import type { Trouble } from "../encoder/encoder.contract.ts";
import { isStrain, nextRepair } from "../encoder/playbooks.ts";
import { wasRecording } from "../encoder/power.ts";
import { stepWords } from "../encoder/repair-words.ts";
import { isRefusedNow } from "../stream/candidates.ts";
import { actingFault } from "../stream/content.ts";
import { isSomeoneElse } from "../stream/judge.ts";
import { isExpected } from "../stream/schedule.ts";
import {
  alikeUnderstudyOf,
  seenOffAir,
  seenOnAir,
  type StreamContext,
  understudyOf,
} from "../stream/stream.context.ts";
import { couldStart, isLatchedByKicks, othersCanStart } from "../stream/stream.questions.ts";
import { carrierStateOf, type StreamSnapshot } from "../stream/stream.published.ts";
import { elapsedMs } from "../time.ts";
import type { SiteContext } from "./site.context.ts";

/** `notYet`: its stream is at work on it, and the answer is another one soon. */
export type Permit = { word: "may" } | { word: "held"; because: string } | { word: "notYet" };

const may: Permit = { word: "may" };
const notYet: Permit = { word: "notYet" };
const held = (because: string): Permit => ({ word: "held", because });

/** A box that reconnects by itself is on air again sooner. */
const offAirLastsMs = 30_000;
/** Where nobody can look, its own word that nothing goes out has to last for so long. */
const offUnseenLastsMs = 5 * 60_000;
/** Its stream starts it itself by then. */
const startsSoonMs = 10_000;

/**
 * Not to know is no leave: only what is seen to be off air is booted without a person, or what was
 * proven off and does not come back.
 */
export function permitTo(context: SiteContext, encoder: string, trouble: Trouble): Permit {
  if (isStrain(trouble)) {
    const because = whyNotCool(context, encoder);
    return because === undefined ? may : held(because);
  }
  const concerned = concernedBy(context, encoder);
  const permits = concerned.map((stream) => permitOf(stream, encoder));
  const worst =
    permits.find(({ word }) => word === "held") ?? permits.find(({ word }) => word === "notYet");
  if (worst) return worst;
  const { reading } = context.encoders[encoder]!.getSnapshot().context;
  const protects = concerned.find(({ context: { plan } }) => plan.recording === "protect");
  return protects && wasRecording(reading)
    ? held(`it was recording when last read, and ${protects.context.plan.id} protects recordings`)
    : may;
}

/** May its load be lowered by a step that costs its picture for seconds? Undefined: it may. */
export const whyNotCool = (context: SiteContext, encoder: string): string | undefined =>
  whyNotInterrupt(concernedBy(context, encoder));

function concernedBy({ streams, keys }: SiteContext, encoder: string): StreamSnapshot[] {
  return Object.values(streams)
    .map((ref) => ref.getSnapshot())
    .filter((stream) =>
      mayBeOn(stream, encoder, keys[stream.context.destination.id]?.known === true),
    );
}

const holds = ({ heldBy, plan }: StreamContext, encoder: string) =>
  Object.values(heldBy[encoder] ?? {}).includes(plan.id);

/** It has this key, or may have it as far as anybody knows. */
function mayBeOn(stream: StreamSnapshot, encoder: string, isKeyKnown: boolean): boolean {
  const { plan, target, memory, farEnd } = stream.context;
  if (!plan.encoders.some((ref) => ref.encoder === encoder)) return false;
  if (holds(stream.context, encoder) || target?.encoder === encoder) return true;
  // Where the last publisher wins, those of the last takeover are still listed.
  const isProving = !["carried", "suspect"].includes(carrierStateOf(stream));
  const maybe = [...memory.suspects, ...memory.leftBehind];
  if (isProving && maybe.some((ref) => ref.encoder === encoder)) return true;
  return !isKeyKnown && farEnd.word !== "quiet";
}

/** For a box that does not work, or does not answer. */
function permitOf(stream: StreamSnapshot, encoder: string): Permit {
  const { context } = stream;
  const { plan, farEnd, memory, now } = context;
  const understudy = understudyOf(context)?.encoder;
  const state = carrierStateOf(stream);
  if (seenOnAir(context)) {
    if (isSomeoneElse(farEnd, encoder)) return may;
    if (understudy !== undefined)
      return held(`${plan.id} is on air with ${understudy} standing by: fail over first`);
    return viewersSeeIt(context, encoder)
      ? may
      : held(`${plan.id} is on air, and nobody stands by`);
  }
  if (!isExpected(memory.schedule) && seenOffAir(context)) return may;
  // No box is cured of what its far end does not want.
  if (isRefusedNow(memory.tries, now())) return held(`the far end of ${plan.id} takes nobody`);
  if (state === "stopped" || state === "offDuty") return seenOffAir(context) ? may : unseen(plan);
  if (state === "carried" && farEnd.word === "unknown") return unseen(plan);
  if (!["waitingForFence", "waitingForEncoder", "needsHuman"].includes(state)) return notYet;
  if (isLatchedByKicks(context)) return held(`somebody else publishes in place of ${plan.id}`);
  // As long as somebody else may be had, nothing is changed about who is proven off.
  if (state !== "needsHuman" && othersCanStart(context, encoder)) return notYet;
  const itself = plan.encoders.find((ref) => ref.encoder === encoder);
  if (itself && couldStart(context, itself, startsSoonMs)) return notYet;
  if (seenOffAir(context)) return lasted(memory.offAirSince, offAirLastsMs, now());
  if (farEnd.word !== "unknown") return notYet;
  const isProvenOff = state === "waitingForEncoder";
  return isProvenOff && !context.destination.observed
    ? lasted(memory.incident?.decidedAt ?? null, offUnseenLastsMs, now())
    : unseen(plan);
}

const unseen = ({ id }: { id: string }): Permit => held(`nobody sees whether ${id} is on air`);

function lasted(
  since: Parameters<typeof elapsedMs>[0] | null,
  ms: number,
  now: ReturnType<StreamContext["now"]>,
) {
  return since !== null && elapsedMs(since, now) >= ms ? may : notYet;
}

/** Black, frozen or silent, where that is to be acted on: nothing is lost with that picture. */
const viewersSeeIt = ({ carrier, content, plan, memory, now }: StreamContext, encoder: string) =>
  carrier?.encoder === encoder &&
  isExpected(memory.schedule) &&
  actingFault(content, encoder, plan.content, { now: now(), startedAt: memory.startedAt }) !==
    undefined;

/** @param streams those it carries. Undefined: nobody stands by, or nobody sees the picture now. */
export function whyNotInterrupt(streams: readonly StreamSnapshot[]): string | undefined {
  for (const stream of streams) {
    const { context } = stream;
    const { id } = context.plan;
    const carrier = carrierStateOf(stream);
    if (carrier !== "carried" && carrier !== "suspect") return `${id} is being taken over now`;
    const understudy = understudyOf(context)?.encoder;
    if (understudy === undefined) continue;
    // What is off air is not held up by a step: its understudy comes first.
    if (carrier === "suspect") return `${id} is in doubt with ${understudy} standing by`;
    // Nobody is replaced by another programme while its own is seen.
    const alike = alikeUnderstudyOf(context)?.encoder;
    if (alike !== undefined && (seenOnAir(context) || context.farEnd.word === "unknown"))
      return `${id} is on air with ${alike} standing by`;
  }
  return undefined;
}

/** What a person's yes to a repair does, and what that costs. */
export function whatRepairDoes(context: SiteContext, encoder: string): string | undefined {
  const box = context.encoders[encoder]!.getSnapshot().context;
  const { trouble } = box.repairs;
  const next = nextRepair(box);
  if (!next || isStrain(trouble)) return undefined;
  const words = stepWords(box, next);
  return [`${encoder} gets ${words}`, ...whatBootingCosts(context, encoder)].join("; ");
}

/** Of each stream it carries, or may carry as far as is known. */
export function whatBootingCosts(context: SiteContext, encoder: string): string[] {
  return concernedBy(context, encoder).map(({ context: stream }) => {
    const { id } = stream.plan;
    const understudy = understudyOf(stream)?.encoder;
    const who = understudy === undefined ? "nobody stands by" : `${understudy} stands by`;
    if (seenOffAir(stream)) return `${id} is off air already`;
    return seenOnAir(stream)
      ? `${id} is on air, and its picture is lost until ${encoder} has booted: ${who}`
      : `nobody sees whether ${id} is on air: its picture may be lost until ${encoder} has booted`;
  });
}

/** Why there is nothing to say yes to. */
export function repairRefusal(box: EncoderContext): string {
  const { id } = box.plan;
  if (box.repairs.trouble === null) return `nothing is known to be wrong with ${id}`;
  return nextRepair(box) === undefined
    ? `nothing is left to try on ${id} now`
    : `${id} is being repaired, or is well again`;
}
