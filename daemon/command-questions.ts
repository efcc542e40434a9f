import type { CommandRequest } from "../machines/command/command.contract.ts";
import { controlRefusal, isBoot } from "../machines/encoder/control.ts";
import { releaseRefusal, syncRefusal } from "../machines/encoder/drift.ts";
import { encoderFacts } from "../machines/encoder/encoder.published.ts";
import { foreseen } from "../machines/session/site-sessions.ts";
import { exerciseRefusal } from "../machines/site/exercises.ts";
import { repairRefusal, whatBootingCosts, whatRepairDoes } from "../machines/site/interruption.ts";
import type { ActorName, CoreInput, SiteCore } from "../machines/site/site-core.ts";
import { comparisonSentence } from "../machines/stream/content.ts";
import {
  comparedWithCarrier,
  type StreamContext,
  understudyOf,
} from "../machines/stream/stream.context.ts";
import { drillRefusal } from "../machines/stream/drill/drill.ts";
import { moveRefusal } from "../machines/stream/readiness.ts";
import { carrierStateOf } from "../machines/stream/stream.published.ts";
import type { Answer } from "./command-memory.ts";
import { streamOrder } from "./stream-order.ts";

const idOf = (actor: string) => actor.slice(actor.indexOf(":") + 1);

/** What went on without its relay returns to that. */
const primaryOf = ({ plan }: StreamContext): string | undefined =>
  plan.fellBackFrom ? undefined : (plan.relay?.inputs ?? plan.encoders)[0]?.encoder;

/** Who would carry then. */
export function movesTo(
  context: StreamContext,
  event: { type: "return" } | { type: "failover"; to?: string },
): string | undefined {
  if (event.type === "return") return primaryOf(context);
  return event.to ?? understudyOf(context)?.encoder;
}

/** What has to be known of the machines to answer a command. */
export function questionsTo(core: SiteCore) {
  return {
    exists: (actor: ActorName) => core.exists(actor),
    can: (input: CoreInput) => core.can(input),
    /** How it is doing, for the sentence of a refusal. */
    situation: (actor: ActorName) =>
      actor.startsWith("stream:")
        ? core.stream(idOf(actor)).context.because
        : "it is not in a state for that",
    /** Why not, where that is known more exactly than by the situation. */
    whyNot(input: CoreInput): string | undefined {
      const frozen = core.frozen(input);
      if (frozen !== undefined) return frozen;
      const { to, event } = input;
      if (event.type === "failover") return moveRefusal(core.stream(idOf(to)).context, event.to);
      if (event.type === "return") {
        const { context } = core.stream(idOf(to));
        return moveRefusal(context, primaryOf(context));
      }
      if (event.type === "drill") return drillRefusal(core.stream(idOf(to)).context, event.consent);
      if (event.type === "practise") return exerciseRefusal(core.site(), event.encoder);
      if (event.type === "changeSession") return `${event.stream} has no session`;
      if (!to.startsWith("encoder:")) return undefined;
      const box = core.encoder(idOf(to));
      if (event.type === "sync") return syncRefusal(box.context);
      if (event.type === "release") return releaseRefusal(box.context);
      if (event.type === "repair") return repairRefusal(box.context);
      if (event.type !== "control") return undefined;
      return controlRefusal(box.context, encoderFacts(box), event.control);
    },
    /** What a dry run would answer, where more is known than that it would be possible. */
    foresee({ event }: CoreInput): Answer | undefined {
      if (event.type !== "openSession") return undefined;
      const seen = foreseen(core.site(), event.ask);
      return "code" in seen
        ? { status: "refused", ...seen }
        : { status: "done", message: seen.because, data: seen };
    },
    /** What it does besides: a yes to a repair may cost a picture. */
    consequence({ to, event }: CoreInput): string | undefined {
      if (event.type === "failover" || event.type === "return") {
        const { context } = core.stream(idOf(to));
        const known = comparedWithCarrier(context, movesTo(context, event) ?? "");
        return known?.word === "different" ? comparisonSentence(known) : undefined;
      }
      if (!to.startsWith("encoder:")) return undefined;
      if (event.type === "repair") return whatRepairDoes(core.site(), idOf(to));
      if (event.type !== "control" || !isBoot(event.control)) return undefined;
      return whatBootingCosts(core.site(), idOf(to)).join("; ") || undefined;
    },
    streamOrder: (encoder: string, { id, by, args }: CommandRequest, verb: string) =>
      streamOrder(core, { encoder, verb, command: { id, by }, ...args }),
    /** Id of the command this actor works on now. */
    underWay(actor: ActorName): string | undefined {
      if (actor.startsWith("encoder:"))
        return core.encoder(idOf(actor)).context.control?.command.id;
      if (!actor.startsWith("stream:")) return undefined;
      const stream = core.stream(idOf(actor));
      const { drill, relay } = stream.context.memory;
      if (drill.now) return drill.now.command.id;
      const { wish } = relay;
      if (wish?.command) return wish.command.id;
      if (relay.spare?.asked) return relay.spare.asked.id;
      const isAtRest = ["carried", "stopped"].includes(carrierStateOf(stream));
      return isAtRest ? undefined : stream.context.memory.command?.id;
    },
  };
}
