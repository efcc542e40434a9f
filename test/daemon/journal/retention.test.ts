import { randomUUID } from "node:crypto";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { migrations } from "../../../daemon/journal/migrations.ts";
import { openRetention, type RetentionView } from "../../../daemon/journal/retention.ts";

const day = 86_400_000;
const keep = {
  inputsMs: 7 * day,
  inputsMaxBytes: 1_000,
  eventsMs: 30 * day,
  eventsMaxBytes: 1_000,
  chunkRows: 4,
};

/** `rows` events and inputs of 100 bytes each, one per `everyMs`, the first at 0. */
function aFullJournal(rows: number, everyMs: number, limits: Partial<typeof keep> = {}) {
  const db = new Database(":memory:");
  for (const step of migrations) db.exec(step);
  db.prepare("insert into epoch values (1, ?, '', 0)").run(randomUUID());
  const body = JSON.stringify({ type: "x", pad: "p".repeat(81) });
  for (let n = 1; n <= rows; n++) {
    const [atMs, startByte] = [(n - 1) * everyMs, (n - 1) * 100];
    db.prepare("insert into event values (1, ?, 1, ?, 0, ?, ?)").run(n, atMs, body, startByte);
    db.prepare("insert into input values (?, 1, ?, ?, 'a', ?, ?)").run(
      n,
      atMs,
      atMs,
      body,
      startByte,
    );
  }
  const retention = openRetention(db, { ...keep, ...limits }, "studio");
  const numbers = (sql: string) => db.prepare<[], number>(sql).pluck().all();
  return {
    step: (view: Partial<RetentionView>) =>
      retention.step({
        nowMs: 0,
        epochNumber: 1,
        acknowledgedSeq: 0,
        inputByte: rows * 100,
        eventByte: rows * 100,
        ...view,
      }),
    events: () => numbers("select seq from event order by seq"),
    inputs: () => numbers("select id from input order by id"),
    body: (seq: number) =>
      JSON.parse(
        db.prepare<[number], string>("select body from event where seq = ?").pluck().get(seq) ?? "",
      ) as unknown,
  };
}
const roomy = { inputsMaxBytes: 1e9, eventsMaxBytes: 1e9 };

test("inputs older than seven days go, a few at a time, and the newest always stays", () => {
  const journal = aFullJournal(10, day, roomy);
  expect(journal.step({ nowMs: 7 * day }).more).toBe(false);
  expect(journal.inputs()).toHaveLength(10);
  expect(journal.step({ nowMs: 16 * day }).more).toBe(true);
  expect(journal.inputs()).toEqual([5, 6, 7, 8, 9, 10]);
  while (journal.step({ nowMs: 1_000 * day }).more);
  expect(journal.inputs()).toEqual([10]);
});

test("events older than thirty days stay until every configured hub has them", () => {
  const journal = aFullJournal(10, day, roomy);
  while (journal.step({ nowMs: 1_000 * day, acknowledgedSeq: 0 }).more);
  expect(journal.events()).toHaveLength(10);
  while (journal.step({ nowMs: 1_000 * day, acknowledgedSeq: 6 }).more);
  expect(journal.events()).toEqual([7, 8, 9, 10]);
  while (journal.step({ nowMs: 1_000 * day, acknowledgedSeq: 10 }).more);
  expect(journal.events()).toEqual([10]);
});

test("over the budget, acknowledged events go without a note", () => {
  const journal = aFullJournal(20, 1, { inputsMaxBytes: 1e9 });
  let step = journal.step({ acknowledgedSeq: 20 });
  while (step.more) {
    expect(step.truncated).toBeUndefined();
    step = journal.step({ acknowledgedSeq: 20 });
  }
  expect(journal.events()[0]).toBe(13);
});

test("over the budget, unacknowledged events give way to one note that says which", () => {
  const journal = aFullJournal(20, 1, { inputsMaxBytes: 1e9 });
  expect(journal.step({ acknowledgedSeq: 2 }).truncated).toEqual({ fromSeq: 3, toSeq: 4 });
  while (journal.step({ acknowledgedSeq: 2 }).more);
  const [note] = journal.events();
  expect(note).toBeGreaterThan(9);
  expect(journal.body(note ?? 0)).toMatchObject({
    type: "outbox_truncated",
    seq: note,
    subject: { kind: "site", id: "studio" },
    data: { fromSeq: 3, toSeq: note },
  });
});
