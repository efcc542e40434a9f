/** Reading what happened: events, incidents, counts. */
import type Database from "better-sqlite3";
import type { SiteEvent } from "../../machines/site/site.contract.ts";
import type { Incident } from "../../machines/stream/stream.contract.ts";
import type { Paged, Store } from "./store.ts";

type History = Pick<
  Store,
  "events" | "incidents" | "incidentsById" | "lastIncidents" | "takeovers" | "counts"
>;

export function historyIn(db: Database.Database): History {
  return {
    events: async (query) => {
      type Row = { n: number; site: string; body: string; receivedAtMs: number };
      const filter = where({
        "n < ?": query.before === undefined ? undefined : Number(query.before),
        "site = ?": query.site,
        "site IN (SELECT value FROM json_each(?))": query.sites && JSON.stringify(query.sites),
        "kind = ?": query.kind,
        "subject = ?": query.subject,
        "type = ?": query.type,
        "at_ms >= ?": query.sinceMs,
      });
      const rows = db
        .prepare<unknown[], Row>(
          `SELECT n, site, body, received_at_ms AS receivedAtMs FROM event ${filter.sql}
           ORDER BY n DESC LIMIT ?`,
        )
        .all(...filter.values, query.limit + 1);
      return paged(
        rows,
        query.limit,
        (row) => String(row.n),
        ({ site, body, receivedAtMs }) => ({
          site,
          event: JSON.parse(body) as SiteEvent,
          receivedAtMs,
        }),
      );
    },
    incidents: async (query) => {
      type Row = { openedAtMs: number; site: string; id: string; body: string };
      const [openedAtMs, site, ...id] = query.before?.split("/") ?? [];
      const filter = where({
        "site = ?": query.site,
        "site IN (SELECT value FROM json_each(?))": query.sites && JSON.stringify(query.sites),
        "stream = ?": query.stream,
        "opened_at_ms >= ?": query.sinceMs,
      });
      if (openedAtMs !== undefined && site !== undefined) {
        filter.sql += filter.sql === "" ? "WHERE " : " AND ";
        filter.sql += "(opened_at_ms, site, id) < (?, ?, ?)";
        filter.values.push(Number(openedAtMs), site, id.join("/"));
      }
      const rows = db
        .prepare<unknown[], Row>(
          `SELECT opened_at_ms AS openedAtMs, site, id, body FROM incident ${filter.sql}
           ORDER BY opened_at_ms DESC, site DESC, id DESC LIMIT ?`,
        )
        .all(...filter.values, query.limit + 1);
      const cursor = (row: Row) => `${row.openedAtMs}/${row.site}/${row.id}`;
      return paged(rows, query.limit, cursor, incidentOf);
    },
    incidentsById: async (id, site) => {
      const filter = where({ "id = ?": id, "site = ?": site });
      return db
        .prepare<unknown[], { site: string; body: string }>(
          `SELECT site, body FROM incident ${filter.sql} ORDER BY site`,
        )
        .all(...filter.values)
        .map(incidentOf);
    },
    lastIncidents: async (streams, limit) =>
      db
        .prepare<unknown[], { site: string; body: string }>(
          `SELECT site, body FROM (
             SELECT site, body, opened_at_ms, id, row_number() OVER (
               PARTITION BY site, stream ORDER BY opened_at_ms DESC, id DESC) AS newest
             FROM incident WHERE (site, stream) IN (
               SELECT value ->> 'site', value ->> 'stream' FROM json_each(?)))
           WHERE newest <= ? ORDER BY opened_at_ms DESC, site DESC, id DESC`,
        )
        .all(JSON.stringify(streams), limit)
        .map(incidentOf),
    takeovers: async () =>
      db
        .prepare<[], { site: string; cause: string; count: number }>(
          `SELECT site, cause, count(*) AS count FROM incident WHERE outcome = 'tookOver'
           GROUP BY site, cause`,
        )
        .all(),
    counts: async () =>
      db
        .prepare<[], { site: string; quarantined: number; lostEvents: number }>(
          `SELECT site, sum(q) AS quarantined, sum(l) AS lostEvents FROM (
             SELECT site, count(*) AS q, 0 AS l FROM quarantine GROUP BY site
             UNION ALL
             SELECT site, 0, sum(to_seq - from_seq + 1) FROM lost GROUP BY site
           ) GROUP BY site`,
        )
        .all(),
  };
}

const incidentOf = ({ site, body }: { site: string; body: string }) => ({
  site,
  incident: JSON.parse(body) as Incident,
});

/** Conditions whose value is undefined are left out. */
function where(conditions: Record<string, string | number | undefined>) {
  const used = Object.entries(conditions).filter(([, value]) => value !== undefined);
  return {
    sql: used.length === 0 ? "" : `WHERE ${used.map(([sql]) => sql).join(" AND ")}`,
    values: used.map(([, value]) => value),
  };
}

function paged<Row, T>(
  rows: Row[],
  limit: number,
  cursor: (row: Row) => string,
  read: (row: Row) => T,
): Paged<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(read),
    next: rows.length > limit && last !== undefined ? cursor(last) : null,
  };
}
