import type Database from "better-sqlite3";
import type { Keep } from "./writer-protocol.ts";

export type RetentionStep = {
  /** Another step would find something to delete. */
  more: boolean;
  /** Events no hub will ever get: a note stands at `toSeq` and says so. */
  truncated?: { fromSeq: number; toSeq: number };
};

/** What the rows are judged by, as of now. */
export type RetentionView = {
  nowMs: number;
  epochNumber: number;
  /** Events up to here may go, because every configured hub has them. */
  acknowledgedSeq: number;
  inputByte: number;
  eventByte: number;
};

type First = { seq: number; epoch: number; atMs: number; startByte: number; body: string };

/**
 * Deletes at most `keep.chunkRows` old inputs and as many old events. The newest row of each table
 * always stays: its number says where the count goes on.
 */
export function openRetention(db: Database.Database, keep: Keep, site: string) {
  const firstInput = db.prepare<[], { id: number; atMs: number; startByte: number }>(
    "select id, wall_ms as atMs, start_byte as startByte from input order by id limit 1",
  );
  const deleteInputs = db.prepare<[number, number]>(
    "delete from input where id < ? and id < (select max(id) from input) and wall_ms < ?",
  );
  const firstEvent = db.prepare<[], First>(
    "select epoch, seq, at_ms as atMs, start_byte as startByte, body from event " +
      "order by epoch, seq limit 1",
  );
  const lastSeqOf = db
    .prepare<[number], number>("select max(seq) from event where epoch = ?")
    .pluck();
  const deleteEvents = db.prepare<[number, number, number]>(
    "delete from event where epoch = ? and seq <= ? and at_ms < ?",
  );
  const replaceByNote = db.prepare<[string, number, number]>(
    "update event set body = ? where epoch = ? and seq = ?",
  );

  function inputs({ nowMs, inputByte }: RetentionView): boolean {
    const first = firstInput.get();
    if (!first) return false;
    const overBudget = inputByte - first.startByte > keep.inputsMaxBytes;
    const before = overBudget ? Number.MAX_VALUE : nowMs - keep.inputsMs;
    if (first.atMs >= before) return false;
    return deleteInputs.run(first.id + keep.chunkRows, before).changes > 0;
  }

  function events(view: RetentionView): RetentionStep {
    const first = firstEvent.get();
    if (!first) return { more: false };
    const current = first.epoch === view.epochNumber;
    const last = lastSeqOf.get(first.epoch) ?? 0;
    const newest = current ? last - 1 : last;
    const end = Math.min(first.seq + keep.chunkRows - 1, newest);
    if (end < first.seq) return { more: false };
    const acknowledged = current ? view.acknowledgedSeq : end;
    const overBudget = view.eventByte - first.startByte > keep.eventsMaxBytes;
    if (!overBudget || end <= acknowledged) {
      const before = overBudget ? Number.MAX_VALUE : view.nowMs - keep.eventsMs;
      if (first.atMs >= before) return { more: false };
      const { changes } = deleteEvents.run(first.epoch, Math.min(end, acknowledged), before);
      return { more: changes > 0 };
    }
    // A step that would only turn one note into the same note has nothing to give back.
    if (end === first.seq) return { more: false };
    const fromSeq = noteStart(first.body) ?? Math.max(first.seq, acknowledged + 1);
    deleteEvents.run(first.epoch, end - 1, Number.MAX_VALUE);
    replaceByNote.run(truncationNote(site, fromSeq, end, view.nowMs), first.epoch, end);
    return { more: true, truncated: { fromSeq, toSeq: end } };
  }

  return {
    step(view: RetentionView): RetentionStep {
      const moreInputs = inputs(view);
      const ofEvents = events(view);
      return { ...ofEvents, more: ofEvents.more || moreInputs };
    },
  };
}

/** An event that stands for `fromSeq` to `toSeq`, so that a reader can go on behind the gap. */
export function truncationNote(site: string, fromSeq: number, toSeq: number, atMs: number): string {
  return JSON.stringify({
    seq: toSeq,
    atMs,
    type: "outbox_truncated",
    subject: { kind: "site", id: site },
    severity: "warning",
    message: `Events ${fromSeq} to ${toSeq} were given up before every hub had them.`,
    data: { fromSeq, toSeq },
  });
}

function noteStart(body: string): number | undefined {
  if (!body.includes('"outbox_truncated"')) return undefined;
  const event = JSON.parse(body) as { type?: unknown; data?: { fromSeq?: unknown } };
  const fromSeq = event.type === "outbox_truncated" ? event.data?.fromSeq : undefined;
  return typeof fromSeq === "number" ? fromSeq : undefined;
}
