/** Keys of people, programs and sites; only their hashes. */
import type Database from "better-sqlite3";
import type { KeyRow, Store } from "./store.ts";

type Keys = Pick<Store, "keys" | "addKey" | "deleteKey" | "touchKey">;

export function keysIn(db: Database.Database): Keys {
  return {
    keys: async () =>
      db
        .prepare<[], KeyRow>(
          `SELECT id, name, kind, site, sha256, created_at_ms AS createdAtMs,
           expires_at_ms AS expiresAtMs, last_used_at_ms AS lastUsedAtMs
           FROM api_key ORDER BY created_at_ms, id`,
        )
        .all(),
    addKey: async ({ id, name, kind, site, sha256, createdAtMs, expiresAtMs }) =>
      void db
        .prepare(
          `INSERT INTO api_key (id, name, kind, site, sha256, created_at_ms, expires_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(id, name, kind, site, sha256, createdAtMs, expiresAtMs),
    deleteKey: async (id) => db.prepare("DELETE FROM api_key WHERE id = ?").run(id).changes === 1,
    touchKey: async (id, atMs) =>
      void db.prepare("UPDATE api_key SET last_used_at_ms = ? WHERE id = ?").run(atMs, id),
  };
}
