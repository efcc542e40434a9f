import Database from "better-sqlite3";
import {
  type ConnectionPoint,
  historyKeptMs,
  historyPointMs,
  type HistoryRange,
} from "../../machines/encoder/connection-history.ts";
import { isDamage, moveAside } from "./database.ts";
import { messageOf } from "./opening.ts";

/** Of one time, of every box. */
export type Samples = {
  wallMs: number;
  /** Now, as far as ages may be judged by it: not ahead by a jump of the wall clock. */
  ageMs: number;
  encoders: [encoder: string, sample: Omit<ConnectionPoint, "atMs">][];
};

/** Times forgotten in one go, so that what waits does not wait long after a week's rest. */
const forgottenAtOnce = 20;

const schema = `
create table if not exists connection (
  at_ms integer, encoder text, score integer, latency_ms integer,
  requests integer, failed integer, resets integer, temperature_c real,
  primary key (at_ms, encoder)
) without rowid`;

/**
 * What boxes were like, for a week, in a file of its own beside the journal. It may be lost: whatever
 * is wrong with it is told once, and the journal goes on. Times are whole multiples of 30 s, so that
 * those of one box are found without reading all the others.
 */
export function openTelemetryRing(file: string, warn: (message: string) => void) {
  let db: Database.Database | undefined;
  let isTold = false;

  function opened(): Database.Database {
    if (db) return db;
    const opening = new Database(file, { timeout: 0 });
    try {
      opening.pragma("journal_mode = wal");
      opening.pragma("synchronous = normal");
      opening.pragma("journal_size_limit = 4194304");
      opening.exec(schema);
      addTemperature(opening);
    } catch (error) {
      opening.close();
      throw error;
    }
    return (db = opening);
  }

  function close(): void {
    try {
      db?.close();
    } catch {
      // It is opened anew, or never again.
    }
    db = undefined;
  }

  function tried<T>(wallMs: number, work: (db: Database.Database) => T): T | undefined {
    try {
      const result = work(opened());
      isTold = false;
      return result;
    } catch (error) {
      close();
      const aside = isDamage(error) ? `; moved to ${moveAside(file, wallMs)}` : "";
      if (!isTold) warn(`the history of connections is not kept: ${messageOf(error)}${aside}`);
      isTold = true;
      return undefined;
    }
  }

  return {
    keep({ wallMs, ageMs, encoders }: Samples): void {
      tried(wallMs, (db) => {
        const insert = db.prepare(insertion);
        const atMs = stepOf(wallMs, historyPointMs);
        db.transaction(() => {
          for (const [encoder, sample] of encoders) insert.run({ atMs, encoder, ...sample });
          const soonest = (end(db, "min") ?? atMs) + forgottenAtOnce * historyPointMs;
          const before = Math.min(ageMs - historyKeptMs, soonest);
          db.prepare("delete from connection where at_ms < ?").run(before);
          // A clock that was ahead has left what would not get old for long.
          db.prepare("delete from connection where at_ms > ?").run(atMs);
        })();
      });
    },
    /** @returns undefined: it cannot be read */
    read(encoder: string, { fromMs, toMs, stepMs }: HistoryRange): ConnectionPoint[] | undefined {
      return tried(toMs, (db) => {
        const from = Math.max(stepOf(fromMs, stepMs), end(db, "min") ?? Infinity);
        const to = Math.min(toMs, end(db, "max") ?? -Infinity);
        if (from > to) return [];
        return db
          .prepare<[object], ConnectionPoint>(
            "with recursive time (at) as " +
              "(values (:from) union all select at + :point from time where at + :point <= :to) " +
              "select at / :step * :step as atMs, min(score) as healthScore, " +
              "max(latency_ms) as latencyMs, sum(requests) as requests, sum(failed) as failed, " +
              "sum(resets) as resets, max(temperature_c) as temperatureC from time join connection " +
              "on connection.at_ms = time.at and connection.encoder = :encoder " +
              "group by atMs order by atMs",
          )
          .all({
            ...{ encoder, from: BigInt(from), to: BigInt(Math.floor(to)) },
            ...{ step: BigInt(stepMs), point: BigInt(historyPointMs) },
          });
      });
    },
    close,
  };
}

const insertion =
  "insert or replace into connection " +
  "(at_ms, encoder, score, latency_ms, requests, failed, resets, temperature_c) values " +
  "(:atMs, :encoder, :healthScore, :latencyMs, :requests, :failed, :resets, :temperatureC)";

/** A file of before heat was kept goes on, with none. */
function addTemperature(db: Database.Database): void {
  const columns = db
    .prepare<[], string>("select name from pragma_table_info('connection')")
    .pluck();
  if (!columns.all().includes("temperature_c"))
    db.exec("alter table connection add column temperature_c real");
}

const stepOf = (ms: number, stepMs: number): number => Math.floor(ms / stepMs) * stepMs;

/** The time of the oldest or the newest. */
const end = (db: Database.Database, which: "min" | "max"): number | null =>
  db.prepare<[], number | null>(`select ${which}(at_ms) from connection`).pluck().get() ?? null;
