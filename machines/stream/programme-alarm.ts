/**
 * The region of a stream that says when what is on air is not the programme, and nobody could put that
 * right: a box that has lost its input goes on streaming a test pattern, and to the far end all is well.
 */
import type { Decision } from "../decision.ts";
import { alarmRegion } from "./alarm-region.ts";
import { isExpected } from "./schedule.ts";
import { causeSentence, nameOf, troubleSentence } from "./stream.changes.ts";
import type { StreamState } from "./stream.contract.ts";
import { sameProgramme, type StreamContext, verdict } from "./stream.context.ts";

/** Of a fault that is configured to be acted upon. */
export const lacksProgramme = (context: StreamContext): boolean =>
  context.carrier !== null &&
  context.memory.goal !== "stop" &&
  isExpected(context.memory.schedule) &&
  ["content", "source"].includes(verdict(context).word);

/** What of it is published. */
export function missesProgramme(context: StreamContext): StreamState["missesProgramme"] {
  if (!lacksProgramme(context)) return null;
  const { cause } = verdict(context);
  return { cause, sinceMs: (context.memory.suspectSince ?? context.since).wallMs };
}

export function programmeNews(context: StreamContext, isThere: boolean): Decision {
  const { plan, carrier } = context;
  const { cause } = verdict(context);
  const lost = lostSource(context);
  return {
    type: "stream.programme",
    severity: isThere ? "info" : "critical",
    message: isThere
      ? `${plan.id} sends its programme again`
      : cause === "sourceLost"
        ? `${plan.id} has no programme: ${troubleSentence(context)}`
        : `${plan.id} is on air without its programme: ${nameOf(carrier)}, ${causeSentence(cause)}; ${helpSentence(context)}`,
    data: {
      programme: isThere ? "there" : "missing",
      encoder: carrier?.encoder,
      cause,
      ...(lost && !isThere && { lostSource: lost.source }),
    },
  };
}

function helpSentence(context: StreamContext): string {
  const other = sameProgramme(context);
  if (other) return `${other.encoder} could be put on air`;
  const lost = lostSource(context);
  return lost
    ? `${lost.source} is lost to all that take it (${lost.by.join(", ")}): look there, not at the boxes`
    : "nobody else is known to have it";
}

/** What feeds the carrier, where all of several that take it say that it is gone. */
function lostSource({ carrier, facts, plan }: StreamContext) {
  const source = carrier && facts[carrier.encoder]?.source;
  if (!source) return undefined;
  const fed = plan.encoders.filter(({ encoder }) => facts[encoder]?.source === source);
  const by = [...new Set(fed.map(({ encoder }) => encoder))];
  const isLost = by.length > 1 && by.every((encoder) => facts[encoder]?.input === "lost");
  return isLost ? { source, by } : undefined;
}

/** Nothing speaks against what it sends. */
export const sendsProgramme = (context: StreamContext): boolean =>
  context.carrier !== null && verdict(context).word === "good";

export const programmeAlarm = alarmRegion("programme", {
  ...{ lacks: "lacksProgramme", needsNone: "lacksNoProgramme", has: "sendsProgramme" },
  ...{ tell: "tellProgramme", missing: "programmeMissing", endHold: "programmeEndHold" },
});
