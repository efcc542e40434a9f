/** Who may say and hear what. Pure, so that the rule can be read and tested in one place. */
import { parseTopic, topics, topicRoot } from "../../machines/contract.ts";
import type { BrokerAccount } from "../../config/broker-program.ts";

export type Holder = Pick<BrokerAccount, "role" | "site">;

/** `$SYS` and anything else that starts with `$` belongs to the broker. */
const isReserved = (topic: string) => topic.startsWith("$");

/** A site speaks upwards, under its own name only. A last will is a publish, same rule. */
export function mayPublish(holder: Holder, topic: string): boolean {
  if (isReserved(topic)) return false;
  if (holder.role === "hub") return true;
  if (holder.role === "reader") return false;
  const parsed = parseTopic(topic);
  return (
    parsed !== undefined && parsed.site === holder.site && topics[parsed.name].direction === "up"
  );
}

/** What the hub tells others about a site; the site's own programs may hear it, too. */
const toldOthers = new Set<string>(
  Object.values(topics).flatMap(({ path, direction }) => (direction === "out" ? [path] : [])),
);

/**
 * A site hears what is meant for it: requests, acks, replay requests, what is told about it, and its
 * own availability, so that it can answer the will of an older session. A reader hears all of its site.
 */
export function maySubscribe(holder: Holder, filter: string): boolean {
  if (holder.role === "hub") return true;
  if (isReserved(filter) || holder.site === undefined) return false;
  const own = `${topicRoot}/${holder.site}/`;
  if (!filter.startsWith(own)) return false;
  if (holder.role === "reader") return true;
  const [first = "", ...rest] = filter.slice(own.length).split("/");
  if (toldOthers.has(first)) return rest.length === 0;
  if (first === "replay" || first === "availability") return rest.length === 0;
  return first === "request" || first === "ack";
}
