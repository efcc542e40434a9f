/**
 * The region of a stream that says when nobody could take over: a state like any other, and one that
 * people have to know before they need an understudy, not when.
 */
import type { Decision } from "../decision.ts";
import { alarmRegion } from "./alarm-region.ts";
import type { OutputRef } from "../intents.ts";
import type { RelayPlan } from "../site/plan.ts";
import { relayedEncoder } from "./relay/relay.published.ts";
import { callHindrance, freeSpare } from "./relay/spare.ts";
import { hindersInput } from "./relay/relay.ts";
import { isSpare } from "./spares.ts";
import { hinders, type StreamContext, understudyOf } from "./stream.context.ts";

/** Who would carry next: hot, or to be started then. */
export const nextOf = (context: StreamContext): OutputRef | null =>
  understudyOf(context) ?? freeSpare(context) ?? null;

/** It carries a programme, was given others to take over, and none of them could. */
export const lacksUnderstudy = (context: StreamContext): boolean =>
  context.carrier !== null &&
  context.memory.goal !== "stop" &&
  (context.plan.relay?.inputs ?? context.plan.encoders).length > 1 &&
  nextOf(context) === null &&
  // One that stays cold was told as that, and is started when it is needed.
  Object.keys(context.heldCold).length === 0;

export function understudyNews(context: StreamContext, isThere: boolean): Decision {
  const { plan } = context;
  const carrier = plan.relay ? relayedEncoder(context) : context.carrier?.encoder;
  const others = plan.relay
    ? plan.relay.inputs.map((ref) => [ref.encoder, hindersRelayed(context, ref)] as const)
    : plan.encoders.map((ref) => [ref.encoder, hinders(context, ref)] as const);
  const reasons = others
    .filter(([encoder]) => encoder !== carrier)
    .map(([encoder, why]) => `${encoder} ${why ?? "is on its way"}`);
  return {
    type: "stream.understudy",
    severity: isThere ? "info" : "critical",
    message: isThere
      ? `${plan.id} has an understudy again: ${nextOf(context)?.encoder}`
      : `${plan.id} has no understudy: nobody can take over from ${carrier} (${reasons.join(", ")})`,
    data: { understudy: isThere ? "ready" : "none" },
  };
}

const hindersRelayed = (context: StreamContext, ref: RelayPlan["inputs"][number]) =>
  isSpare(context, ref) ? callHindrance(context, ref) : hindersInput(context, ref.encoder);

export const understudyAlarm = alarmRegion("understudy", {
  ...{ lacks: "lacksUnderstudy", needsNone: "needsNoUnderstudy", has: "hasUnderstudy" },
  ...{ tell: "tellUnderstudy", missing: "understudyMissing", endHold: "understudyEndHold" },
});
