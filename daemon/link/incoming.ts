import {
  Availability,
  filterFor,
  maxPayloadBytes,
  parseTopic,
  topicFor,
  topics,
} from "../../machines/contract.ts";
import type { ParsedTopic } from "../../machines/contract.ts";
import type { Ack, Replay } from "../../machines/site/site.contract.ts";

export type Incoming =
  | { kind: "request"; topic: ParsedTopic; payload: unknown }
  | { kind: "ack"; hub: string; ack: Ack }
  | { kind: "replay"; replay: Replay }
  | { kind: "availability"; word: Availability }
  | { kind: "malformed"; why: string };

/** What a site listens to. */
export function subscriptions(site: string, hubs: readonly string[]): string[] {
  return [
    filterFor(site, "request"),
    filterFor(site, "replay"),
    topicFor(site, "availability"),
    ...hubs.map((hub) => topicFor(site, "ack", { hub })),
  ];
}

/** Anybody on the broker can write here: nothing but a well-formed message gets further. */
export function readIncoming(site: string, topic: string, payload: Buffer): Incoming {
  const parsed = parseTopic(topic);
  if (!parsed || parsed.site !== site) return { kind: "malformed", why: "not one of our topics" };
  if (payload.length > maxPayloadBytes) return { kind: "malformed", why: "payload too large" };
  if (parsed.name === "availability") {
    const word = Availability.safeParse(payload.toString("utf8"));
    return word.success
      ? { kind: "availability", word: word.data }
      : { kind: "malformed", why: "neither online nor offline" };
  }
  let body: unknown;
  try {
    body = JSON.parse(payload.toString("utf8"));
  } catch {
    return { kind: "malformed", why: "payload is not JSON" };
  }
  switch (parsed.name) {
    case "request":
      return { kind: "request", topic: parsed, payload: body };
    case "ack": {
      const ack = topics.ack.payload.safeParse(body);
      if (!ack.success || parsed.hub === undefined) {
        return { kind: "malformed", why: "ack does not fit its schema" };
      }
      return { kind: "ack", hub: parsed.hub, ack: ack.data };
    }
    case "replay": {
      const replay = topics.replay.payload.safeParse(body);
      if (!replay.success) return { kind: "malformed", why: "replay does not fit its schema" };
      return { kind: "replay", replay: replay.data };
    }
    default:
      return { kind: "malformed", why: "a site does not listen to this topic" };
  }
}
