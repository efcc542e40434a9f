import { parseTopic, topics, type TopicName } from "../../machines/contract.ts";
import type { Actor, Site, View } from "../view.ts";

/** Who speaks on a topic, and about what. */
export type Spoken = {
  name: TopicName;
  site: Site;
  /** Where the topic has them. */
  kind: string | undefined;
  id: string | undefined;
  /** Once there is such an actor. */
  actor: Actor | undefined;
};

/** A site may speak on as many topics as it likes. */
const mostTopics = 200_000;

/**
 * What a topic that sites speak on means; undefined for any other. The same topics come again and
 * again, so it is known which have come.
 */
export function openTopics(view: View): (topic: string) => Spoken | undefined {
  const known = new Map<string, Spoken>();
  return (topic) => {
    const held = known.get(topic);
    if (held) return held;
    const parsed = parseTopic(topic);
    if (!parsed || topics[parsed.name].direction !== "up") return undefined;
    const { name, kind, id } = parsed;
    const spoken = { name, site: view.site(parsed.site), kind, id, actor: undefined };
    if (known.size >= mostTopics) known.clear();
    known.set(topic, spoken);
    return spoken;
  };
}
