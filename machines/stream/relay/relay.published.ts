/** How a relayed stream is seen from outside, where that differs from one on path direct. */
import type { OutputRef } from "../../intents.ts";
import type { RelayPlan } from "../../site/plan.ts";
import { lacksOf } from "../carry-alarm.ts";
import { troubleSentence } from "../stream.changes.ts";
import { type StreamContext, verdict } from "../stream.context.ts";
import type { StreamRelay, StreamState } from "../stream.contract.ts";
import { relayReasonWords } from "../relay-protocol.ts";
import { planOnPath } from "./path.ts";
import { misfitsOf, publishedLatency, publishedMeasures } from "./measured.ts";
import { isSpare } from "../spares.ts";
import { callHindrance, calledSpare, lacksSpare, whyNoSpare } from "./spare.ts";
import { hindersInput, inputsOf, isOnSlate, pictureMisfits, relayBrings } from "./relay.ts";

/** Only states in which what publishes for it is well are told otherwise. */
export function relayedWord(
  context: StreamContext,
  word: StreamState["carrier"],
): StreamState["carrier"] {
  if (!context.plan.relay || (word !== "carried" && word !== "suspect")) return word;
  if (relayBrings(context)) return word;
  return context.memory.relay.isPaged ? "needsHuman" : "holding";
}

export function relayedBecause(context: StreamContext, word: StreamState["carrier"]): string {
  if (!context.plan.relay) return context.because;
  if (word === "holding" || word === "needsHuman") {
    if (context.relay === null) return "its relay does not run, and is started anew";
    const slate = isOnSlate(context) ? "; the slate is shown" : "";
    if (verdict(context).word === "source") return `${troubleSentence(context)}${slate}`;
    if (!relayBrings(context)) {
      const instead = inputsOf(context).flatMap(({ encoder }) => pictureMisfits(context, encoder));
      const nothing = ["no encoder brings pictures to its relay", ...instead].join(": ");
      const called = calledSpare(context);
      const spare = called !== undefined ? `the spare ${called} is called in` : undefined;
      const none = lacksSpare(context) ? whyNoSpare(context) : undefined;
      return [nothing, ...((spare ?? none) ? [spare ?? none] : [])].join("; ") + slate;
    }
  }
  if (word !== "carried") return context.because;
  const { selected, reason } = context.memory.relay;
  return `the relay sends ${selected} (${relayReasonWords[reason]})`;
}

/** The programme's encoder: what the relay sends, or sent last. */
export const relayedEncoder = ({ memory }: StreamContext): string | null =>
  memory.relay.selected ?? memory.relay.empty?.from ?? null;

export function publishedRelay(context: StreamContext): StreamRelay | null {
  const planned = planOnPath(context.plan, "relayed").relay;
  if (!planned) return null;
  const { memory, relay } = context;
  const { on, lostAt, selected, since, reason, generation, switches, missingMs } = memory.relay;
  const { fellBack } = memory.relay;
  return {
    health: !on ? "off" : relay !== null ? "running" : lostAt === null ? "starting" : "lost",
    selected: relay === null ? null : selected,
    sinceMs: since.wallMs,
    reason: relay === null ? "unknown" : reason,
    generation: relay?.generation ?? generation,
    inputs: planned.inputs.map(({ encoder }) => {
      const lacks = lacksOf(context, encoder);
      const misfits = misfitsOf(context, encoder);
      return {
        encoder,
        brings: relay?.live.includes(encoder) === true,
        carried: relay?.carried?.[encoder] ?? null,
        ...(lacks && { lacks }),
        ...(misfits && { misfits }),
        ...publishedMeasures(context, encoder),
      };
    }),
    figures: publishedLatency(context, relay === null ? null : selected),
    switches,
    missingMs,
    ...(relay?.splices && { splices: relay.splices }),
    slate: relay?.slate ?? "none",
    slateBeganAtMs: relay === null ? null : (memory.relay.slateSince?.wallMs ?? null),
    ...(relay?.slateFormat && { slateFormat: relay.slateFormat }),
    fellBack: fellBack ? { sinceMs: fellBack.at.wallMs, because: fellBack.because } : null,
  };
}

/** All but spares encode, so who brings pictures could carry now. */
export function hotUnderstudies(context: StreamContext): NonNullable<StreamState["understudies"]> {
  return (context.plan.relay?.inputs ?? [])
    .filter(({ encoder }) => encoder !== relayedEncoder(context))
    .map((ref) => (isSpare(context, ref) ? spareOf(context, ref) : hotOne(context, ref)));
}

type Understudy = NonNullable<StreamState["understudies"]>[number];

function hotOne(context: StreamContext, { encoder }: OutputRef): Understudy {
  const hindrance = hindersInput(context, encoder);
  const without = context.heldCold[encoder] === undefined ? "none" : "cold";
  return {
    encoder,
    ...{ role: "understudy", wants: "hot", is: hindrance === undefined ? "hot" : without },
    ...(hindrance !== undefined && { hindrance }),
  };
}

function spareOf(context: StreamContext, ref: RelayPlan["inputs"][number]): Understudy {
  const { encoder } = ref;
  const isCalled = encoder === calledSpare(context);
  const hindrance = isCalled ? hindersInput(context, encoder) : callHindrance(context, ref);
  const { inUseFor = null, isAsWanted = null } = context.facts[encoder] ?? {};
  const isCold = context.plan.cold?.includes(encoder) === true || isAsWanted === false;
  const ready = isCalled ? "hot" : isCold ? "cold" : "warm";
  return {
    encoder,
    ...{ role: "spare", wants: context.plan.cold?.includes(encoder) ? "cold" : "warm" },
    is: hindrance === undefined ? ready : "none",
    ...(isAsWanted !== null && { isAsWanted }),
    ...(hindrance !== undefined && { hindrance }),
    ...(inUseFor !== null && { inUseFor }),
  };
}
