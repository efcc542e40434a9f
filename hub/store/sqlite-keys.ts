/** Keys of people, programs and sites; only their hashes. */
import type Database from "better-sqlite3";
import type { Scope } from "../auth/permissions.ts";
import { scopesOfKind, type KeyRow, type Store } from "./store.ts";

type Keys = Pick<Store, "keys" | "addKey" | "deleteKey" | "touchKey" | "replaceKey">;
type Raw = Omit<KeyRow, "scopes" | "sites"> & { scopes: string | null; sites: string | null };

export function keysIn(db: Database.Database): Keys {
  const insert = (row: KeyRow) =>
    void db
      .prepare(
        `INSERT INTO api_key (id, name, kind, scopes, site, sites, sha256, created_at_ms,
         expires_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        ...[row.id, row.name, row.kind, JSON.stringify(row.scopes), row.site],
        ...[row.sites && JSON.stringify(row.sites), row.sha256, row.createdAtMs, row.expiresAtMs],
      );
  const replace = db.transaction((id: string, expiresAtMs: number, by: KeyRow) => {
    insert(by);
    db.prepare("UPDATE api_key SET expires_at_ms = ?, replaced_by = ? WHERE id = ?").run(
      ...[expiresAtMs, by.id, id],
    );
  });
  return {
    keys: async () =>
      db
        .prepare<[], Raw>(
          `SELECT id, name, kind, scopes, site, sites, sha256, created_at_ms AS createdAtMs,
           expires_at_ms AS expiresAtMs, last_used_at_ms AS lastUsedAtMs,
           last_used_from AS lastUsedFrom, replaced_by AS replacedBy
           FROM api_key ORDER BY created_at_ms, id`,
        )
        .all()
        .map(read),
    addKey: async (row) => insert(row),
    deleteKey: async (id) => db.prepare("DELETE FROM api_key WHERE id = ?").run(id).changes === 1,
    touchKey: async (id, atMs, from) =>
      void db
        .prepare("UPDATE api_key SET last_used_at_ms = ?, last_used_from = ? WHERE id = ?")
        .run(atMs, from, id),
    replaceKey: async (id, expiresAtMs, by) => replace(id, expiresAtMs, by),
  };
}

/** A key from before there were scopes has those of its kind. */
function read({ scopes, sites, ...row }: Raw): KeyRow {
  return {
    ...row,
    scopes: scopes === null ? scopesOfKind(row.kind) : (JSON.parse(scopes) as Scope[]),
    sites: sites === null ? null : (JSON.parse(sites) as string[]),
  };
}
