/**
 * Publishes stored events, and commands that nobody answered, for other systems. There is a place in
 * the list of events, as each webhook has one: a hub that is killed goes on there, and tells some twice.
 */
import type { Logger } from "pino";
import { topicFor } from "../../machines/contract.ts";
import type { DeadLetter } from "../../machines/site/event-topics.contract.ts";
import type { Feed } from "../feed.ts";
import type { CommandRow, Store } from "../store/store.ts";
import { messagesOf, type Message } from "./event-messages.ts";

const atOnce = 100;
/** The place is written no more often: each writing waits for the disk. */
const saveEveryMs = 1_000;
const name = "event-topics";

type Needs = {
  store: Pick<Store, "eventsAfter" | "cursor" | "saveCursor" | "deadLetters" | "deadLettered">;
  feed: Pick<Feed, "onTick">;
  /** Rejects while the broker is away, or where it does not take it. */
  deliver: (topic: string, payload: string) => Promise<void>;
  log: Pick<Logger, "error">;
};

export async function openEventTopics({ store, feed, deliver, log }: Needs) {
  let position = await store.cursor(name);
  let saved = position;
  let isOpen = true;
  let working: Promise<void> | undefined;
  let isAsked = true;

  const send = (messages: Message[]) =>
    Promise.all(messages.map(({ topic, payload }) => deliver(topic, payload)));

  async function work(): Promise<void> {
    while (isOpen) {
      const events = await store.eventsAfter(position, atOnce);
      const last = events.at(-1);
      if (!last) break;
      await send(events.flatMap(messagesOf));
      position = last.n;
    }
    for (const row of await store.deadLetters(atOnce)) {
      await send([deadLetterOf(row)]);
      await store.deadLettered(row.id);
    }
  }
  function wake(): void {
    isAsked = true;
    if (working || !isOpen) return;
    isAsked = false;
    working = work()
      // The broker is away; tried again by the clock.
      .catch(() => undefined)
      .then(() => {
        working = undefined;
        if (isAsked) wake();
      });
  }
  const save = async () => {
    if (saved === position) return;
    const next = position;
    await store.saveCursor(name, next);
    saved = next;
  };
  const timer = setInterval(() => {
    save().catch((error: unknown) => log.error({ err: error, code: "topics" }, "chore"));
    wake();
  }, saveEveryMs);
  const stop = feed.onTick(({ events }) => {
    if (events.length > 0) wake();
  });
  wake();

  return {
    close: async () => {
      isOpen = false;
      stop();
      clearInterval(timer);
      // What the broker does not answer now is told again by the next hub.
      await Promise.race([working, new Promise((done) => setTimeout(done, saveEveryMs))]);
      await save();
    },
  };
}

function deadLetterOf(row: CommandRow): Message {
  const { id, site, kind, subject, verb, dryRun, by, sentAtMs, expiresAtMs, code, message } = row;
  const letter: DeadLetter = {
    ...{ id, site_id: site, kind, subject_id: subject, verb, dry_run: dryRun, by },
    sent_at: new Date(sentAtMs).toISOString(),
    expires_at: new Date(expiresAtMs).toISOString(),
    ...{ code, message },
  };
  return { topic: topicFor(site, "deadLetter"), payload: JSON.stringify(letter) };
}
