/**
 * A relayed stream's spare: it does not run until none of the stream's own encoders can carry, is
 * called in then, and is let go once one of those carries again. Others may have it when a person
 * has released it.
 */
import type { CommandRef } from "../../command/command-ref.ts";
import type { Decision } from "../../decision.ts";
import { hindrance } from "../candidates.ts";
import { isExpected } from "../schedule.ts";
import { isDryFor, isSpare, spareHindrance } from "../spares.ts";
import type { Change, StreamContext } from "../stream.context.ts";
import { type CalledSpare, hindersInput, hotUnderstudy, inputsOf } from "./relay.ts";

type Input = ReturnType<typeof inputsOf>[number];

const sparesOf = (context: StreamContext): readonly Input[] =>
  (context.plan.relay?.inputs ?? []).filter((ref) => isSpare(context, ref));

export const calledSpare = ({ memory }: StreamContext): string | undefined =>
  memory.relay.spare?.encoder;

const own = (context: StreamContext): Input[] =>
  (context.plan.relay?.inputs ?? []).filter((ref) => !isSpare(context, ref));

/** By the word of a relay that runs, one of its own encoders could carry. */
const isServed = (context: StreamContext): boolean =>
  own(context).some(({ encoder }) => hindersInput(context, encoder) === undefined);

/** None of its own encoders can carry, and that is known. */
export const missesOwnInputs = (context: StreamContext): boolean =>
  context.memory.relay.on &&
  context.relay !== null &&
  context.memory.goal !== "stop" &&
  isExpected(context.memory.schedule) &&
  sparesOf(context).length > 0 &&
  !isServed(context);

/** Why this spare cannot be called in. */
export function callHindrance(context: StreamContext, ref: Input): string | undefined {
  const { plan, facts, heldBy } = context;
  const box = facts[ref.encoder];
  const holder = heldBy[ref.encoder]?.[ref.output];
  // Its last call has not ended yet.
  const isOurs = holder === ref.leg;
  return (
    spareHindrance(context, ref) ??
    hindrance(ref, box, isOurs ? plan.id : holder, plan.id, isOurs) ??
    (isDryFor(context, ref) ? "gets nothing from its source either" : undefined)
  );
}

/** The next after the one that was called in, in the order of the configuration. */
export function freeSpare(context: StreamContext): Input | undefined {
  const spares = sparesOf(context);
  const at = spares.findIndex(({ encoder }) => encoder === calledSpare(context)) + 1;
  const others = at === 0 ? spares : [...spares.slice(at), ...spares.slice(0, at - 1)];
  return others.find((ref) => callHindrance(context, ref) === undefined);
}

export const called = (context: StreamContext): Change =>
  withSpare(context, { encoder: freeSpare(context)!.encoder, brought: false });

/** The spare that somebody's failover goes to, where no other is ready. */
export function askedSpare(context: StreamContext, to: string | undefined): string | undefined {
  const { memory, relay } = context;
  const isOn = memory.relay.on && relay !== null && memory.goal !== "stop";
  if (!isOn || calledSpare(context) !== undefined) return undefined;
  if (to === undefined) {
    return hotUnderstudy(context) === null ? freeSpare(context)?.encoder : undefined;
  }
  const named = sparesOf(context).find(({ encoder }) => encoder === to);
  return named && callHindrance(context, named) === undefined ? to : undefined;
}

export const calledFor = (context: StreamContext, to: string | undefined, asked: CommandRef) =>
  withSpare(context, { encoder: askedSpare(context, to)!, brought: false, asked });

export function askedInVain({ plan, memory }: StreamContext): Decision | null {
  const { encoder, asked } = memory.relay.spare!;
  if (!asked) return null;
  return {
    type: "command.refused",
    severity: "warning",
    message: `${plan.id}: ${encoder} was called in, and brought no pictures`,
    data: { command: asked.id, code: "no_encoder_ready" },
  };
}

export const letGo = (context: StreamContext): Change => withSpare(context, null);

const withSpare = ({ memory: { relay } }: StreamContext, spare: CalledSpare | null): Change => ({
  relay: { ...relay, spare },
});

/** Somebody else has it, or had it first. */
export function spareIsLost(context: StreamContext): boolean {
  const box = context.facts[calledSpare(context) ?? ""];
  return box !== undefined && box.inUseFor !== null && box.inUseFor !== context.plan.id;
}

/** As its relay says now; undefined: it says nothing. */
export const spareBrings = (context: StreamContext): boolean | undefined =>
  context.relay?.live.includes(calledSpare(context) ?? "");

/** One of its own carries. */
export const isSpareIdle = (context: StreamContext): boolean =>
  context.memory.relay.selected !== calledSpare(context) && isServed(context);

/** How long it may take until it brings pictures, ms. */
export const spareGraceMs = (context: StreamContext): number =>
  5_000 + (context.graceMs[calledSpare(context) ?? ""] ?? 10_000);

/** So long its own encoders may take to start, ms. */
export const ownStartMs = (context: StreamContext): number =>
  Math.max(...own(context).map(({ encoder }) => context.graceMs[encoder] ?? 10_000));

/** So long none of them may bring anything, ms. */
export function ownGraceMs(context: StreamContext): number {
  const { selected, empty } = context.memory.relay;
  const hadPictures = selected !== null || empty !== null;
  return hadPictures ? context.plan.directFreezeMs : ownStartMs(context);
}

/** Its own get nothing to encode, and no spare would get more. */
export const isSourceless = (context: StreamContext): boolean =>
  own(context).every((ref) => isDryFor(context, ref)) && freeSpare(context) === undefined;

/** No picture, and nobody to call in. A source that is lost is told as that. */
export const lacksSpare = (context: StreamContext): boolean =>
  missesOwnInputs(context) &&
  !isSourceless(context) &&
  calledSpare(context) === undefined &&
  freeSpare(context) === undefined;

export function whyNoSpare(context: StreamContext): string {
  const why = sparesOf(context).map(
    (ref) => `${ref.encoder} ${callHindrance(context, ref) ?? "is on its way"}`,
  );
  return `no spare is free: ${why.join(", ")}`;
}

export function spareCalled(context: StreamContext): Decision {
  const why = own(context).map(({ encoder }) => `${encoder} ${hindersInput(context, encoder)}`);
  return callNews(context, freeSpare(context)!.encoder, why.join(", "));
}

export const callNews = ({ plan }: StreamContext, spare: string, why: string): Decision => ({
  type: "stream.spare",
  severity: "warning",
  message: `${plan.id}: the spare ${spare} is called in (${why})`,
  data: { spare, is: "called" },
});

export function spareLetGo(context: StreamContext): Decision {
  const { id } = context.plan;
  const spare = calledSpare(context)!;
  const because = spareIsLost(context)
    ? `is kept for ${context.facts[spare]!.inUseFor}`
    : `is not needed any more, and is kept for ${id} until somebody releases it`;
  return {
    type: "stream.spare",
    severity: "info",
    message: `${id}: the spare ${spare} ${because}`,
    data: { spare, is: "letGo" },
  };
}

export function spareNews(context: StreamContext, isThere: boolean): Decision {
  const { id } = context.plan;
  return {
    type: "stream.spare",
    severity: isThere ? "info" : "critical",
    message: isThere
      ? `${id} needs no other spare any more`
      : `${id} needs you: no encoder of its own brings pictures, and ${whyNoSpare(context)}`,
    data: { spare: null, is: isThere ? "enough" : "none" },
  };
}
