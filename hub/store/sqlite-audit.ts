/** The audit log, chained row by row. */
import type Database from "better-sqlite3";
import { hashOf, origin, type AuditRow, type Head } from "../audit/chain.ts";
import { pruned } from "../audit/pruning.ts";
import type { Store } from "./store.ts";

type AuditLog = Pick<
  Store,
  "addAudit" | "audit" | "auditHead" | "oldestAudit" | "newestPruning" | "pruneAudit"
>;

const columns = "n, at_ms AS atMs, type, actor, body, previous, hash";

export function auditIn(db: Database.Database): AuditLog {
  const insert = db.prepare(
    `INSERT INTO audit (n, at_ms, type, actor, body, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const move = db.prepare("INSERT OR REPLACE INTO audit_head (one, n, hash) VALUES (1, ?, ?)");
  const add = db.transaction((atMs: number, type: string, actor: string, body: string) => {
    const head = auditHeadOf(db);
    const n = head.n + 1;
    const hash = hashOf(n, head.hash, body);
    insert.run(n, atMs, type, actor, body, head.hash, hash);
    move.run(n, hash);
  });
  const oldest = db.prepare<[number], AuditRow>(`SELECT ${columns} FROM audit ORDER BY n LIMIT ?`);
  const drop = db.prepare("DELETE FROM audit WHERE n <= ?");
  const prune = db.transaction(
    (upTo: number, atMs: number, type: string, actor: string, body: string) => {
      add(atMs, type, actor, body);
      drop.run(upTo);
    },
  );
  return {
    oldestAudit: async (limit) => oldest.all(limit),
    newestPruning: async () => newestPruningIn(db),
    pruneAudit: async (...how) => prune(...how),
    addAudit: async (atMs, type, actor, body) => add(atMs, type, actor, body),
    auditHead: async () => auditHeadOf(db),
    audit: async ({ limit, before, type, actor, sinceMs }) => {
      const rows = db
        .prepare<unknown[], AuditRow>(
          `SELECT ${columns} FROM audit WHERE n < @before AND (@type IS NULL OR type = @type)
           AND (@actor IS NULL OR actor = @actor) AND at_ms >= @sinceMs
           ORDER BY n DESC LIMIT @most`,
        )
        .all({
          before: before === undefined ? Number.MAX_SAFE_INTEGER : Number(before),
          ...{ type: type ?? null, actor: actor ?? null, sinceMs: sinceMs ?? 0, most: limit + 1 },
        });
      const last = rows[limit - 1];
      const next = rows.length > limit && last ? String(last.n) : null;
      return { items: rows.slice(0, limit), next };
    },
  };
}

export function auditHeadOf(db: Database.Database): Head {
  const head = db.prepare<[], Head>("SELECT n, hash FROM audit_head").get();
  return head ?? origin;
}

export const auditRowsIn = (db: Database.Database): IterableIterator<AuditRow> =>
  db.prepare<[], AuditRow>(`SELECT ${columns} FROM audit ORDER BY n`).iterate();

export const newestPruningIn = (db: Database.Database): AuditRow | undefined =>
  db
    .prepare<[string], AuditRow>(
      `SELECT ${columns} FROM audit WHERE type = ? ORDER BY n DESC LIMIT 1`,
    )
    .get(pruned);
