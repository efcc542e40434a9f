/** Who could take over, and how well each is prepared. */
import type { OutputRef } from "../intents.ts";
import { hotUnderstudies, relayedEncoder } from "./relay/relay.published.ts";
import { hindersInput } from "./relay/relay.ts";
import type { RelayPlan } from "../site/plan.ts";
import { calledSpare, callHindrance } from "./relay/spare.ts";
import { isSpare } from "./spares.ts";
import { hinders, type StreamContext, understudyOf } from "./stream.context.ts";
import type { StreamState } from "./stream.contract.ts";

type Understudy = NonNullable<StreamState["understudies"]>[number];

/** Only known to answer is enough for it. */
const isCold = ({ plan }: StreamContext, { encoder }: OutputRef) =>
  plan.cold?.includes(encoder) === true;

/** Set as wanted, and with a picture; one that cannot tell its picture is believed. */
function isWarm(context: StreamContext, { encoder }: OutputRef): boolean {
  const { isAsWanted = null, input = "unknown" } = context.facts[encoder] ?? {};
  return isAsWanted === true && input !== "lost";
}

export function understudies(context: StreamContext): Understudy[] {
  if (context.plan.relay) return hotUnderstudies(context);
  const carrier = (context.target ?? context.carrier)?.encoder;
  return context.plan.encoders
    .filter(({ encoder }) => encoder !== carrier)
    .map((ref) => {
      const hindrance = hinders(context, ref);
      const { isAsWanted = null, inUseFor = null } = context.facts[ref.encoder] ?? {};
      return {
        encoder: ref.encoder,
        role: isSpare(context, ref) ? "spare" : "understudy",
        wants: isCold(context, ref) ? "cold" : "warm",
        is: hindrance !== undefined ? "none" : isWarm(context, ref) ? "warm" : "cold",
        ...(isAsWanted !== null && { isAsWanted }),
        ...(hindrance !== undefined && { hindrance }),
        ...(inUseFor !== null && { inUseFor }),
      };
    });
}

/** It could take over, and would send something else than is wanted. */
export function isStillWarming(context: StreamContext): boolean {
  if (context.plan.relay) return false;
  const next = understudyOf(context);
  if (next === null || isCold(context, next)) return false;
  const { isAsWanted = null, input = "unknown" } = context.facts[next.encoder] ?? {};
  return isAsWanted === false || input === "lost";
}

/**
 * Why a move that somebody asks for cannot be made, where the hindrance is in who would carry.
 * @param to the one that is wished for; undefined = whoever comes next
 */
export function moveRefusal(context: StreamContext, to: string | undefined): string | undefined {
  const { plan, carrier } = context;
  if (!carrier) return undefined;
  const now = plan.relay ? relayedEncoder(context) : carrier.encoder;
  if (to === now) return `${to} carries it already`;
  const all = plan.relay
    ? plan.relay.inputs.map((ref) => ({ ...ref, hindrance: hindersMove(context, ref) }))
    : plan.encoders.map((ref) => ({ ...ref, hindrance: hinders(context, ref) }));
  const wished = all.filter(({ encoder }) => to === undefined || encoder === to);
  if (wished.length === 0) return `${to} is no encoder of it`;
  const others = wished.filter(({ encoder }) => encoder !== now);
  if (others.length === 0) return `it has no encoder but ${now}`;
  if (others.some(({ hindrance }) => hindrance === undefined)) return undefined;
  return others.map(({ encoder, hindrance }) => `${encoder} ${hindrance}`).join(", ");
}

/** By its relay. */
const hindersMove = (context: StreamContext, ref: RelayPlan["inputs"][number]) =>
  isSpare(context, ref) && ref.encoder !== calledSpare(context)
    ? callHindrance(context, ref)
    : hindersInput(context, ref.encoder);
