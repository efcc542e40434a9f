/** Webhooks, and the events each has still to be told. */
import type Database from "better-sqlite3";
import type { SiteEvent } from "../../machines/site/site.contract.ts";
import type { DeadRow, NumberedEvent, Store, WebhookRow } from "./store.ts";

type Webhooks = Pick<
  Store,
  | "webhooks"
  | "saveWebhook"
  | "deleteWebhook"
  | "eventsAfter"
  | "newestEvent"
  | "cursor"
  | "saveCursor"
  | "addDead"
  | "dead"
  | "takeDead"
>;

const columns = `id, url, types, sites, created_at_ms AS createdAtMs, created_by AS createdBy,
  generation, position, attempts, next_try_at_ms AS nextTryAtMs,
  delivered_at_ms AS deliveredAtMs, error, disabled_at_ms AS disabledAtMs`;

export function webhooksIn(db: Database.Database): Webhooks {
  type Row = Omit<WebhookRow, "types" | "sites"> & { types: string | null; sites: string | null };
  type EventRow = { n: number; site: string; body: string };
  const eventOf = ({ n, site, body }: EventRow): NumberedEvent => ({
    ...{ n, site, event: JSON.parse(body) as SiteEvent },
  });
  const listOf = (text: string | null) => (text === null ? null : (JSON.parse(text) as string[]));
  const textOf = (list: string[] | null) => (list === null ? null : JSON.stringify(list));
  const save = db.prepare(
    `INSERT INTO webhook (id, url, types, sites, created_at_ms, created_by, generation, position,
       attempts, next_try_at_ms, delivered_at_ms, error, disabled_at_ms)
     VALUES (@id, @url, @types, @sites, @createdAtMs, @createdBy, @generation, @position,
       @attempts, @nextTryAtMs, @deliveredAtMs, @error, @disabledAtMs)
     ON CONFLICT (id) DO UPDATE SET generation = @generation, position = @position,
       attempts = @attempts, next_try_at_ms = @nextTryAtMs, delivered_at_ms = @deliveredAtMs,
       error = @error, disabled_at_ms = @disabledAtMs`,
  );
  const addDead = db.prepare(
    "INSERT OR REPLACE INTO webhook_dead (webhook, n, at_ms, error) VALUES (?, ?, ?, ?)",
  );
  const dead = db.prepare<[string, number], DeadRow & EventRow>(
    `SELECT n, event.site, event.body, webhook_dead.at_ms AS atMs, error
     FROM webhook_dead JOIN event USING (n) WHERE webhook = ? ORDER BY n LIMIT ?`,
  );
  const after = db.prepare<[number, number], EventRow>(
    "SELECT n, site, body FROM event WHERE n > ? ORDER BY n LIMIT ?",
  );
  return {
    webhooks: async () =>
      db
        .prepare<[], Row>(`SELECT ${columns} FROM webhook ORDER BY created_at_ms, id`)
        .all()
        .map((row) => ({ ...row, types: listOf(row.types), sites: listOf(row.sites) })),
    saveWebhook: async (row) =>
      void save.run({ ...row, types: textOf(row.types), sites: textOf(row.sites) }),
    deleteWebhook: async (id) => db.prepare("DELETE FROM webhook WHERE id = ?").run(id).changes > 0,
    eventsAfter: async (n, limit) => after.all(n, limit).map(eventOf),
    newestEvent: async () =>
      db.prepare<[], number | null>("SELECT max(n) FROM event").pluck().get() ?? 0,
    cursor: async (name) =>
      db
        .prepare<[string], number>("SELECT position FROM cursor WHERE name = ?")
        .pluck()
        .get(name) ?? 0,
    saveCursor: async (name, n) =>
      void db.prepare("INSERT OR REPLACE INTO cursor (name, position) VALUES (?, ?)").run(name, n),
    addDead: async (webhook, n, atMs, error) => void addDead.run(webhook, n, atMs, error),
    dead: async (webhook, limit) =>
      dead
        .all(webhook, limit)
        .map((row) => ({ ...eventOf(row), atMs: row.atMs, error: row.error })),
    takeDead: async (webhook, n) =>
      db.prepare("DELETE FROM webhook_dead WHERE webhook = ? AND n = ?").run(webhook, n).changes >
      0,
  };
}
