/** The store in one SQLite file: WAL, and `synchronous=FULL` because an ack is a promise. */
import Database from "better-sqlite3";
import { start } from "./migrations/001-start.ts";
import { commandData } from "./migrations/002-command-data.ts";
import { accessTables } from "./migrations/003-access.ts";
import { webhookTables } from "./migrations/004-webhooks.ts";
import { signInColumns } from "./migrations/005-sign-in.ts";
import { topicTables } from "./migrations/006-topics.ts";
import { commandsIn } from "./sqlite-commands.ts";
import { historyIn } from "./sqlite-history.ts";
import { auditIn } from "./sqlite-audit.ts";
import { peopleIn } from "./sqlite-people.ts";
import { keysIn } from "./sqlite-keys.ts";
import { webhooksIn } from "./sqlite-webhooks.ts";
import type { ActorRow, Batch, Retention, Store } from "./store.ts";

type Db = Database.Database;

/** Rows deleted per step, so that pruning never holds the database for long. */
const pruneChunk = 5_000;

/** @param path file, or ":memory:" for a test */
export function openSqliteStore(path: string): Store {
  const db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.pragma("busy_timeout = 2000");
  db.pragma("foreign_keys = ON");
  migrate(db);
  const commit = committerOf(db);
  return {
    ...historyIn(db),
    ...commandsIn(db),
    ...keysIn(db),
    ...peopleIn(db),
    ...auditIn(db),
    ...webhooksIn(db),
    load: async () => load(db),
    commit: async (batch) => commit(batch),
    prune: async (retention, nowMs) => prune(db, retention, nowMs),
    close: async () => void db.close(),
  };
}

/** Each once, in this order; `user_version` says how far a database is. */
const migrations = [start, commandData, accessTables, webhookTables, signInColumns, topicTables];

/** How far a database of this hub is. */
export const newestSchema = migrations.length;

function migrate(db: Db): void {
  const done = Number(db.pragma("user_version", { simple: true }));
  if (done > migrations.length) throw new Error(`${db.name} was written by a newer hub`);
  for (const [index, sql] of migrations.entries()) {
    if (index < done) continue;
    db.transaction(() => {
      db.exec(sql);
      db.pragma(`user_version = ${index + 1}`);
    })();
  }
}

async function load(db: Db): ReturnType<Store["load"]> {
  type Site = { site: string; info: string | null; lastSeenMs: number | null };
  const sites = db
    .prepare<[], Site>("SELECT site, info, last_seen_ms AS lastSeenMs FROM site")
    .all();
  const actors = db
    .prepare<[], ActorRow>(
      `SELECT site, kind, id, state, received_at_ms AS receivedAtMs, gone_at_ms AS goneAtMs
       FROM actor`,
    )
    .all();
  const marks = db
    .prepare<[], { site: string; epoch: string; seq: number }>("SELECT site, epoch, seq FROM mark")
    .all();
  return {
    sites: sites.map((row) => ({ ...row, info: fromJson(row.info) })),
    actors,
    marks,
  };
}

function committerOf(db: Db): (batch: Batch) => void {
  const site = db.prepare(
    `INSERT INTO site (site, info, last_seen_ms) VALUES (?, ?, ?) ON CONFLICT (site)
     DO UPDATE SET info = excluded.info, last_seen_ms = excluded.last_seen_ms`,
  );
  const actor = db.prepare(
    `INSERT INTO actor (site, kind, id, state, received_at_ms, gone_at_ms)
     VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (site, kind, id) DO UPDATE SET
     state = excluded.state, received_at_ms = excluded.received_at_ms,
     gone_at_ms = excluded.gone_at_ms`,
  );
  const event = db.prepare(
    `INSERT OR IGNORE INTO event
     (site, epoch, seq, at_ms, received_at_ms, type, kind, subject, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const incident = db.prepare(
    `INSERT INTO incident (site, id, stream, cause, outcome, opened_at_ms, body)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (site, id) DO UPDATE SET
     stream = excluded.stream, cause = excluded.cause, outcome = excluded.outcome,
     opened_at_ms = excluded.opened_at_ms, body = excluded.body`,
  );
  const quarantine = db.prepare(
    `INSERT INTO quarantine (site, topic, reason, payload, received_at_ms)
     VALUES (?, ?, ?, ?, ?)`,
  );
  const lost = db.prepare(
    "INSERT OR IGNORE INTO lost (site, epoch, from_seq, to_seq, at_ms) VALUES (?, ?, ?, ?, ?)",
  );
  const mark = db.prepare(
    `INSERT INTO mark (site, epoch, seq) VALUES (?, ?, ?) ON CONFLICT (site, epoch)
     DO UPDATE SET seq = max(seq, excluded.seq)`,
  );
  return db.transaction((batch: Batch) => {
    for (const row of batch.sites) site.run(row.site, toJson(row.info), whole(row.lastSeenMs));
    for (const row of batch.actors) {
      const { kind, id, state, receivedAtMs, goneAtMs } = row;
      actor.run(row.site, kind, id, state, whole(receivedAtMs), whole(goneAtMs));
    }
    for (const row of batch.events) {
      const { epoch, seq, atMs, type, subject } = row.event;
      const times = [whole(atMs), whole(row.receivedAtMs)];
      const body = JSON.stringify(row.event);
      event.run(row.site, epoch, seq, ...times, type, subject.kind, subject.id, body);
    }
    for (const row of batch.incidents) {
      const { id, stream, cause, outcome, openedAtMs } = row.incident;
      const body = JSON.stringify(row.incident);
      incident.run(row.site, id, stream, cause, outcome, whole(openedAtMs), body);
    }
    for (const row of batch.quarantined) {
      const { topic, reason, payload, receivedAtMs } = row;
      quarantine.run(row.site, topic, reason, Buffer.from(payload), whole(receivedAtMs));
    }
    for (const row of batch.lost) {
      lost.run(row.site, row.epoch, row.fromSeq, row.toSeq, whole(row.atMs));
    }
    for (const row of batch.marks) mark.run(row.site, row.epoch, row.seq);
  });
}

function prune(db: Db, retention: Retention, nowMs: number): void {
  const old = (table: string, column: string, beforeMs: number, but = -1) => {
    const step = db.prepare(
      `DELETE FROM ${table} WHERE rowid IN
       (SELECT rowid FROM ${table} WHERE ${column} < ? AND rowid <> ? LIMIT ${pruneChunk})`,
    );
    while (step.run(Math.floor(beforeMs), but).changes === pruneChunk);
  };
  // Webhooks count on it that the numbers of events only rise: the newest stays.
  const newest = db.prepare<[], number>("SELECT max(n) FROM event").pluck().get();
  old("event", "received_at_ms", nowMs - retention.eventMs, newest ?? undefined);
  old("incident", "opened_at_ms", nowMs - retention.incidentMs);
  old("command", "sent_at_ms", nowMs - retention.commandMs);
  old("quarantine", "received_at_ms", nowMs - retention.quarantineMs);
  db.prepare("DELETE FROM idempotency WHERE at_ms < ?").run(Math.floor(nowMs - 86_400_000));
  db.prepare(
    `DELETE FROM quarantine WHERE n IN (SELECT n FROM (
       SELECT n, row_number() OVER (PARTITION BY site ORDER BY n DESC) AS age FROM quarantine
     ) WHERE age > ?)`,
  ).run(retention.quarantineRowsPerSite);
}

const toJson = (value: unknown) => (value === null ? null : JSON.stringify(value));
const fromJson = <T>(text: string | null): T | null =>
  text === null ? null : (JSON.parse(text) as T);
/** A site may send fractions of a millisecond; STRICT integer columns do not take them. */
const whole = (ms: number | null) => (ms === null ? null : Math.round(ms));
