/**
 * A relay that cannot be kept up is left: what published for it is proven off the key, and those of
 * its encoders that were seen to reach the far end carry the stream by turns, as on path direct.
 * Back goes it when a person says so, when it was off air, or when none of them can carry it.
 */
import type { CommandRef } from "../../command/command-ref.ts";
import type { Decision } from "../../decision.ts";
import { waitMs } from "../candidates.ts";
import { step } from "../incident.ts";
import { isExpected } from "../schedule.ts";
import { at } from "../stream.changes.ts";
import {
  budgetLeft,
  type Change,
  nextCarrier,
  seenOnAir,
  type StreamContext,
} from "../stream.context.ts";
import { holders, open, suspectAll } from "../stream.moves.ts";
import { planOnPath } from "./path.ts";
import { cannotBeKeptUp } from "./relay.moves.ts";
import { relayBrings, type RelayMemory, unfit } from "./relay.ts";

export const isFallenBack = ({ plan }: StreamContext): boolean => plan.fellBackFrom !== undefined;

/** Its output still feeds the relay; that ends first. */
function couldPublish(context: StreamContext, encoder: string): boolean {
  const box = context.facts[encoder];
  return (
    box?.link === "reachable" &&
    box.unfit === undefined &&
    unfit(context, encoder) === undefined &&
    waitMs(encoder, context.memory.tries, context.now()) === 0
  );
}

/**
 * One that does not take orders, and sends the programme all the same, is not left for that. It is a
 * switch, and from a picture that is seen the budget has to allow it.
 */
export function fallsBack(context: StreamContext): boolean {
  const { plan, memory } = context;
  const { directly = [] } = plan.relay ?? {};
  return (
    memory.relay.on &&
    memory.goal !== "stop" &&
    isExpected(memory.schedule) &&
    cannotBeKeptUp(context) &&
    !relayBrings(context) &&
    directly.some(({ encoder }) => couldPublish(context, encoder)) &&
    (!seenOnAir(context) || budgetLeft(context) > 0)
  );
}

/** What its relay said is of no use without it. */
const forgotten: Partial<RelayMemory> = {
  ...{ on: false, preferred: null, wish: null, selected: null, lostAt: null, empty: null },
  ...{ failures: [], isPaged: false, slateSince: null, spare: null },
};

/** On the other path: whoever has the key, or may have it, is proven off it first. */
function moved(context: StreamContext, because: string): Change {
  const known = holders(context);
  return {
    ...(known.length > 0 ? { suspects: known } : suspectAll(context)),
    certificates: [],
    unproven: null,
    ...waiting(context, because),
  };
}

/** On the other path, with what is proven already. */
function waiting(context: StreamContext, because: string): Change {
  return {
    ...at(context, because),
    target: null,
    wanted: null,
    fencingSince: context.now(),
    suspectSince: null,
  };
}

/** It was not on air yet: nothing of it is lost. */
export const isStarting = ({ carrier, memory }: StreamContext): boolean =>
  carrier === null && memory.incident === null;

export function fellBack(context: StreamContext): Change {
  const { memory, plan, farEnd } = context;
  const { relay, incident, incidents } = memory;
  const now = context.now();
  const because = `its relay cannot be kept up (${relay.failedBecause}): going on without it`;
  const isStart = isStarting(context);
  const opened = open(context, "relayDown", because, false);
  return {
    ...moved(context, because),
    plan: planOnPath(plan, "direct"),
    relay: { ...relay, ...forgotten, fellBack: { at: now, because } },
    goal: isStart ? "start" : "takeOver",
    command: isStart ? memory.command : null,
    switches: [...memory.switches.slice(-9), now],
    incidents: incidents + (incident || isStart ? 0 : 1),
    incident: incident
      ? { ...step(incident, now, because), decidedAt: now }
      : isStart
        ? null
        : {
            ...opened,
            from: relay.selected ?? opened.from,
            // Where nobody looks, it was off air when there was nothing to send any more.
            ...(farEnd.word === "unknown" && relay.lostAt && { lastGoodAt: relay.lostAt }),
          },
  };
}

/** @param command null: nobody else can carry it */
export function wentBack(context: StreamContext, command: CommandRef | null): Change {
  const { memory, plan } = context;
  const { incident, incidents } = memory;
  const why = command ? `asked for by ${command.by}` : "no encoder can carry it without";
  const because = `back to its relay (${why})`;
  return {
    ...(command ? moved(context, because) : waiting(context, because)),
    plan: planOnPath(plan, "relayed"),
    relay: { ...memory.relay, ...forgotten, fellBack: null },
    goal: command ? "return" : memory.goal,
    command: command ?? memory.command,
    incidents: incidents + (incident ? 0 : 1),
    incident: incident
      ? step(incident, context.now(), because)
      : open(context, "return", because, command !== null),
  };
}

/** Off air nothing is lost by trying its relay again. */
export function startsRelayed({ plan, memory }: StreamContext): Change {
  if (plan.fellBackFrom === undefined) return {};
  return {
    plan: planOnPath(plan, "relayed"),
    relay: { ...memory.relay, ...forgotten, fellBack: null },
  };
}

/** Nobody carries it, proven, and those that could without its relay cannot. */
export function isStranded(context: StreamContext): boolean {
  const { memory, carrier, target } = context;
  const { suspects, certificates } = memory;
  const isProvenOff =
    carrier === null || certificates.some(({ encoder }) => encoder === carrier.encoder);
  const choice = nextCarrier(context);
  return (
    isFallenBack(context) &&
    isExpected(memory.schedule) &&
    memory.goal !== "stop" &&
    target === null &&
    suspects.length === 0 &&
    isProvenOff &&
    !seenOnAir(context) &&
    !(typeof choice === "object" && "ref" in choice)
  );
}

/** Its encoders do not feed its relay any more, but that has still to be proven of some. */
export const isFreeingEncoders = ({ plan, heldBy }: StreamContext): boolean =>
  plan.fellBackFrom?.relay.inputs.some(
    ({ encoder, output, leg }) => heldBy[encoder]?.[output] === leg,
  ) === true;

export function fellBackNews({ plan, memory }: StreamContext): Decision {
  const directly = plan.relay?.directly ?? [];
  const who = directly.map(({ encoder }) => encoder).join(" or ");
  return {
    type: "stream.fellBack",
    severity: "critical",
    message: `${plan.id} needs you: its relay cannot be kept up (${memory.relay.failedBecause}); it goes on on path direct with ${who} until somebody returns it`,
    data: { path: "direct", encoders: directly.map(({ encoder }) => encoder) },
  };
}

export const wentBackNews = (context: StreamContext, command: CommandRef | null): Decision => ({
  type: "stream.fellBack",
  severity: command ? "info" : "critical",
  message: `${context.plan.id}: ${wentBack(context, command).because}`,
  data: { path: "relayed" },
});
