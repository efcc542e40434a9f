import type { Decision } from "../machines/decision.ts";
import type { SiteEvent } from "../machines/site/site.contract.ts";
import type { SitePlan } from "../machines/site/plan.ts";
import type { ActorName } from "../machines/site/site-core.ts";

/** A decision as it is journalled and told; its journal gives it a number. */
export function eventOf(
  { of, decision }: { of: ActorName; decision: Decision },
  atMs: number,
  plan: SitePlan,
): Omit<SiteEvent, "epoch" | "session" | "seq"> {
  const [kind = "site", id] = programmeOf(of, plan).split(":");
  const { type, severity, message, data = {} } = decision;
  return { atMs, type, subject: { kind, id: id ?? plan.site }, severity, message, data };
}

/** What belongs to a relayed stream, and nobody knows by its name, is told as that stream's. */
function programmeOf(of: ActorName, { encoders, streams }: SitePlan): ActorName {
  const id = of.slice(of.indexOf(":") + 1);
  const part = of.startsWith("encoder:")
    ? encoders.find((encoder) => encoder.id === id)?.publishesFor
    : of.startsWith("stream:")
      ? streams.find((stream) => stream.id === id)?.feedOf
      : of.startsWith("destination:")
        ? streams.find(({ destination }) => destination === id)?.feedOf
        : undefined;
  return part === undefined ? of : `stream:${part}`;
}
