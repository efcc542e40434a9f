import { parseTopic, topicFor, type Availability } from "../../machines/contract.ts";
import type { SiteInfo } from "../../machines/site/site.contract.ts";
import type { Outbox } from "../journal/outbox.ts";

export type PublishedActor = {
  kind: string;
  id: string;
  state: unknown;
  availability?: Availability;
};
type Message = { topic: string; payload: string };

/** The retained side of the link: newest state of each actor, and the clearing of what is gone. */
export function retainedStates(options: {
  site: string;
  outbox: Pick<Outbox, "publishedTopics" | "rememberTopic" | "forgetTopic">;
  send: (topic: string, payload: string) => void;
  canSend: () => boolean;
}) {
  const { site, outbox } = options;
  const waiting = new Map<string, PublishedActor>();
  /** As the broker has them since this connection began: it is told again only of others. */
  const availabilities = new Map<string, Availability>();
  let scheduled = false;

  function messagesOf({ kind, id, state, availability }: PublishedActor): Message[] {
    const messages = [
      { topic: topicFor(site, "state", { kind, id }), payload: JSON.stringify(state) },
    ];
    const topic = topicFor(site, "actorAvailability", { kind, id });
    if (availability !== undefined && availabilities.get(topic) !== availability) {
      availabilities.set(topic, availability);
      messages.push({ topic, payload: availability });
    }
    // Remembered before it is sent: the other way round, a crash would leave it there for ever.
    for (const { topic } of messages) outbox.rememberTopic(topic);
    return messages;
  }

  /** Empty retained payload = delete. */
  function gone({ inventory }: SiteInfo): Message[] {
    const known = new Set(inventory.map(({ kind, id }) => `${kind}/${id}`));
    const cleared: Message[] = [];
    for (const topic of [...outbox.publishedTopics()]) {
      const of = parseTopic(topic);
      if (of?.site === site && known.has(`${of.kind}/${of.id}`)) continue;
      cleared.push({ topic, payload: "" });
      outbox.forgetTopic(topic);
      availabilities.delete(topic);
    }
    return cleared;
  }

  function flush(): void {
    scheduled = false;
    const actors = [...waiting.values()];
    waiting.clear();
    // Not connected: the next connection sends everything as it is then.
    if (!options.canSend()) return;
    for (const { topic, payload } of actors.flatMap(messagesOf)) options.send(topic, payload);
  }

  return {
    flush,
    publish(actor: PublishedActor): void {
      waiting.set(`${actor.kind}/${actor.id}`, actor);
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    },
    /** All that is retained for this site, after a connect. */
    everything(actors: Iterable<PublishedActor>, info: SiteInfo): Message[] {
      waiting.clear();
      availabilities.clear();
      const messages = [...actors].flatMap(messagesOf);
      return [...gone(info), ...messages];
    },
    clearGone(info: SiteInfo): void {
      for (const { topic, payload } of gone(info)) options.send(topic, payload);
    },
  };
}
