/**
 * The region of a stream that says when nobody could take over: a state like any other, and one that
 * people have to know before they need an understudy, not when.
 */
import type { Decision } from "../decision.ts";
import { alarmRegion } from "./alarm-region.ts";
import type { OutputRef } from "../intents.ts";
import { relayedEncoder } from "./relay/relay.published.ts";
import { hindersInput } from "./relay/relay.ts";
import { hinders, type StreamContext, understudyOf } from "./stream.context.ts";

/** It carries a programme, was given others to take over, and none of them could. */
export const lacksUnderstudy = (context: StreamContext): boolean =>
  context.carrier !== null &&
  context.memory.goal !== "stop" &&
  (context.plan.relay?.inputs ?? context.plan.encoders).length > 1 &&
  understudyOf(context) === null;

export function understudyNews(context: StreamContext, isThere: boolean): Decision {
  const { plan } = context;
  const carrier = plan.relay ? relayedEncoder(context) : context.carrier?.encoder;
  const others = (plan.relay?.inputs ?? plan.encoders).filter(({ encoder }) => encoder !== carrier);
  const why = (ref: OutputRef) =>
    plan.relay ? hindersInput(context, ref.encoder) : hinders(context, ref);
  const reasons = others.map((ref) => `${ref.encoder} ${why(ref) ?? "is on its way"}`);
  return {
    type: "stream.understudy",
    severity: isThere ? "info" : "critical",
    message: isThere
      ? `${plan.id} has an understudy again: ${understudyOf(context)?.encoder}`
      : `${plan.id} has no understudy: nobody can take over from ${carrier} (${reasons.join(", ")})`,
    data: { understudy: isThere ? "ready" : "none" },
  };
}

export const understudyAlarm = alarmRegion("understudy", {
  ...{ lacks: "lacksUnderstudy", needsNone: "needsNoUnderstudy", has: "hasUnderstudy" },
  ...{ tell: "tellUnderstudy", missing: "understudyMissing", endHold: "understudyEndHold" },
});
