import type { Journal } from "../journal/journal.ts";
import type { Outbox } from "../journal/outbox.ts";
import type { LinkOutbox } from "../link/link.ts";

/** Where this broker's cursor is kept among the resume records. */
const record = "localBroker";
type Cursor = { epoch: string; seq: number };

export type OutboxWithoutHub = LinkOutbox & {
  /** The cursor as a resume record, if it moved since this was last asked. */
  moved(): Record<string, Cursor>;
};

/**
 * The outbox for a broker that no hub stands behind: nobody acknowledges there, so its cursor moves
 * on the broker's PUBACK, and no row waits for it. An event that had to go before it was sent here
 * is skipped here. A broker that is new gets what happens from now on.
 */
export function outboxWithoutHub(
  journal: Pick<Journal, "epoch" | "session" | "lastSeq" | "resume"> & Pick<Outbox, "readPayloads">,
): OutboxWithoutHub {
  const kept = journal.resume.get(record) as Cursor | undefined;
  let cursor: Cursor =
    kept?.epoch === journal.epoch ? kept : { epoch: journal.epoch, seq: journal.lastSeq };
  let saved = kept;
  /** Its retained messages are in the memory of a child that ends with us. */
  const topics = new Set<string>();

  function current(): Cursor {
    if (cursor.epoch !== journal.epoch) cursor = { epoch: journal.epoch, seq: 0 };
    return cursor;
  }

  return {
    get epoch() {
      return journal.epoch;
    },
    session: journal.session,
    readPayloads(afterSeq, limit) {
      // The next window is asked for only when all of this one has its PUBACK.
      if (afterSeq > current().seq) cursor = { ...cursor, seq: afterSeq };
      return journal.readPayloads(cursor.seq, limit);
    },
    acknowledged: () => Promise.resolve("old"),
    cursor: () => current().seq,
    publishedTopics: () => topics,
    rememberTopic: (topic) => void topics.add(topic),
    forgetTopic: (topic) => void topics.delete(topic),
    moved() {
      const { epoch, seq } = current();
      if (saved?.epoch === epoch && saved.seq === seq) return {};
      saved = cursor;
      return { [record]: cursor };
    },
  };
}
