/** What is told of a stream that was switched too often, in words for people. */
import type { Decision } from "../decision.ts";
import { nameOf } from "./stream.changes.ts";
import type { StreamContext } from "./stream.context.ts";

export function movesHeld({ plan, carrier, target }: StreamContext): Decision {
  const { perHour } = plan.budget;
  return {
    type: "stream.latched",
    severity: "critical",
    message:
      `${plan.id} was moved ${perHour} times in an hour while it was on air: it stays with ` +
      `${nameOf(target ?? carrier)} as long as that has a picture, until you release it or ` +
      "nothing has changed for an hour",
    data: { latched: "moves", encoder: (target ?? carrier)?.encoder ?? null },
  };
}

export function movesFree({ plan }: StreamContext): Decision {
  return {
    type: "stream.latched",
    severity: "info",
    message: `${plan.id}: nothing has changed for an hour, it may be moved again`,
    data: { latched: null },
  };
}

export function returnsHeld({ plan }: StreamContext): Decision {
  const primary = plan.encoders[0]?.encoder ?? "its primary";
  return {
    type: "stream.latched",
    severity: "warning",
    message:
      `${plan.id}: ${primary} did not hold it after the automatic return, so there is no further ` +
      "one: return to it or release the stream when it is repaired",
    data: { latched: "returns", encoder: primary },
  };
}
