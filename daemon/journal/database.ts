import { existsSync, renameSync } from "node:fs";
import { crc32 } from "node:zlib";
import { randomUUID } from "node:crypto";
import Database from "better-sqlite3";
import { JournalError } from "./journal-error.ts";
import { migrations } from "./migrations.ts";

export const checksum = (body: string): number => crc32(body);

const damagedCodes = /^SQLITE_(CORRUPT|NOTADB)/;
export function isDamage(error: unknown): boolean {
  return (
    (error instanceof JournalError && error.code === "journal_damaged") ||
    (error instanceof Database.SqliteError && damagedCodes.test(error.code))
  );
}

/** No room: SQLite has a code of its own when the shared-memory file could not grow. */
export function isFull(error: unknown): boolean {
  const codes = ["SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "ENOSPC", "EDQUOT"];
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/** After a crash whoever looks into the file first puts its log in order, and others wait for that, ms. */
const openWaitMs = 2_000;

/** Opens and upgrades the file and looks at every table that a device is commanded from. */
export function openFile(file: string): Database.Database {
  const db = new Database(file, { timeout: openWaitMs });
  try {
    db.pragma("journal_mode = wal");
    db.pragma("synchronous = full");
    // The writer checkpoints when no turn waits; see writer.ts.
    db.pragma("wal_autocheckpoint = 0");
    db.pragma("journal_size_limit = 16777216");
    const version = Number(db.pragma("user_version", { simple: true }));
    if (version > migrations.length) {
      throw new JournalError(
        "journal_newer",
        `${file} was written by a newer version (tables ${version}, known ${migrations.length})`,
      );
    }
    if (version < migrations.length) {
      db.transaction(() => {
        for (const step of migrations.slice(version)) db.exec(step);
        db.pragma(`user_version = ${migrations.length}`);
      })();
    }
    for (const table of ["epoch", "session", "outbox", "resume", "intent", "topic"]) {
      const found = String(db.pragma(`quick_check(${table})`, { simple: true }));
      if (found !== "ok") throw new JournalError("journal_damaged", `table ${table}: ${found}`);
    }
    // From here on nothing waits: a turn does not.
    db.pragma("busy_timeout = 0");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Renames the database and its log, so that they can be looked at. Returns the new name. */
export function moveAside(file: string, wallMs: number): string {
  let aside = `${file}.damaged-${wallMs}`;
  for (let n = 1; existsSync(aside); n++) aside = `${file}.damaged-${wallMs}-${n}`;
  for (const part of ["", "-wal", "-shm"]) {
    if (existsSync(file + part)) renameSync(file + part, aside + part);
  }
  return aside;
}

export type Found = {
  epoch: string;
  /** Number of the epoch in the tables. */
  epochNumber: number;
  lastSeq: number;
  lastInput: number;
  resume: [string, string][];
  intents: string[];
  cursors: [string, number][];
  topics: string[];
};

/** What an earlier run left. Undefined: the database was just made. */
export function readFound(db: Database.Database): Found | undefined {
  const epoch = db
    .prepare<[], { number: number; epoch: string }>(
      "select number, epoch from epoch order by number desc limit 1",
    )
    .get();
  if (!epoch) return undefined;
  const checked = (rows: { name: string; body: string; crc: number }[]): [string, string][] =>
    rows.map(({ name, body, crc }) => {
      if (checksum(body) !== crc) {
        throw new JournalError("journal_damaged", `the record of ${name} has a wrong checksum`);
      }
      return [name, body];
    });
  const number = (sql: string, ...values: number[]): number =>
    db
      .prepare<number[], number>(sql)
      .pluck()
      .get(...values) ?? 0;
  type Record = { name: string; body: string; crc: number };
  return {
    epoch: epoch.epoch,
    epochNumber: epoch.number,
    lastSeq: number("select max(seq) from event where epoch = ?", epoch.number),
    lastInput: number("select max(id) from input"),
    resume: checked(db.prepare<[], Record>("select actor as name, body, crc from resume").all()),
    intents: checked(
      db.prepare<[], Record>("select id as name, body, crc from intent order by began").all(),
    ).map(([, body]) => body),
    cursors: db
      .prepare<[number], [string, number]>("select hub, seq from outbox where epoch = ?")
      .raw()
      .all(epoch.number),
    topics: db.prepare<[], string>("select topic from topic").pluck().all(),
  };
}

/** Begins an epoch of its own. */
export function beginEpoch(
  db: Database.Database,
  reason: string,
  atMs: number,
  epoch: string = randomUUID(),
): Found {
  const { lastInsertRowid } = db
    .prepare("insert into epoch (epoch, reason, at_ms) values (?, ?, ?)")
    .run(epoch, reason, atMs);
  const found = readFound(db);
  if (!found) throw new JournalError("journal_damaged", "a row just written is not there");
  return { ...found, epochNumber: Number(lastInsertRowid) };
}
