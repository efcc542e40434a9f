/** People, their sessions and refresh tokens; passwords and tokens only as hashes. */
import type Database from "better-sqlite3";
import type { People, PersonRow, RefreshToken, SessionRow } from "./store.ts";

type Raw = Omit<PersonRow, "sites" | "shifts" | "identities"> & {
  sites: string | null;
  shifts: string | null;
  identities: string;
};

export function peopleIn(db: Database.Database): People {
  const saveSession = db.prepare(
    `INSERT INTO login_session (id, person, created_at_ms, last_used_at_ms, expires_at_ms, address,
     agent) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET last_used_at_ms = excluded.last_used_at_ms`,
  );
  const saveRefresh = db.prepare(
    "INSERT INTO refresh_token (sha256, session, expires_at_ms) VALUES (?, ?, ?)",
  );
  const add = db.transaction((row: SessionRow, refresh: RefreshToken) => {
    const { id, person, createdAtMs, lastUsedAtMs, expiresAtMs, address, agent } = row;
    saveSession.run(id, person, createdAtMs, lastUsedAtMs, expiresAtMs, address, agent);
    saveRefresh.run(refresh.sha256, id, refresh.expiresAtMs);
  });
  const use = db.transaction((sha256: string, atMs: number) => {
    const found = db
      .prepare<[string], { session: string; expiresAtMs: number; usedAtMs: number | null }>(
        `SELECT session, expires_at_ms AS expiresAtMs, used_at_ms AS usedAtMs
         FROM refresh_token WHERE sha256 = ?`,
      )
      .get(sha256);
    if (!found) return undefined;
    db.prepare("UPDATE refresh_token SET used_at_ms = ? WHERE sha256 = ?").run(atMs, sha256);
    const { session, expiresAtMs, usedAtMs } = found;
    return { session, expiresAtMs, again: usedAtMs !== null };
  });
  return {
    people: async () =>
      db
        .prepare<[], Raw>(
          `SELECT id, name, role, password, invitation_sha256 AS invitationSha256,
           invitation_ends_at_ms AS invitationEndsAtMs, sites, department, region, shifts,
           disabled_at_ms AS disabledAtMs, created_at_ms AS createdAtMs,
           last_login_at_ms AS lastLoginAtMs, email, identities FROM person ORDER BY name`,
        )
        .all()
        .map((row) => ({
          ...row,
          sites: row.sites === null ? null : (JSON.parse(row.sites) as string[]),
          shifts: row.shifts === null ? null : (JSON.parse(row.shifts) as PersonRow["shifts"]),
          identities: JSON.parse(row.identities) as PersonRow["identities"],
        })),
    savePerson: async ({ sites, shifts, identities, ...row }) =>
      void db
        .prepare(
          `INSERT INTO person VALUES (@id, @name, @role, @password, @invitationSha256,
           @invitationEndsAtMs, @sites, @department, @region, @shifts, @disabledAtMs, @createdAtMs,
           @lastLoginAtMs, @email, @identities) ON CONFLICT (id) DO UPDATE SET name = excluded.name,
           role = excluded.role, password = excluded.password,
           invitation_sha256 = excluded.invitation_sha256,
           invitation_ends_at_ms = excluded.invitation_ends_at_ms, sites = excluded.sites,
           department = excluded.department, region = excluded.region, shifts = excluded.shifts,
           disabled_at_ms = excluded.disabled_at_ms, last_login_at_ms = excluded.last_login_at_ms,
           email = excluded.email, identities = excluded.identities`,
        )
        .run({
          ...row,
          sites: sites && JSON.stringify(sites),
          shifts: shifts && JSON.stringify(shifts),
          identities: JSON.stringify(identities),
        }),
    deletePerson: async (id) => void db.prepare("DELETE FROM person WHERE id = ?").run(id),
    sessions: async () =>
      db
        .prepare<[], SessionRow>(
          `SELECT id, person, created_at_ms AS createdAtMs, last_used_at_ms AS lastUsedAtMs,
           expires_at_ms AS expiresAtMs, address, agent FROM login_session ORDER BY created_at_ms`,
        )
        .all(),
    addSession: async (row, refresh) => add(row, refresh),
    endSessions: async (ids) => {
      const one = db.prepare("DELETE FROM login_session WHERE id = ?");
      db.transaction(() => ids.forEach((id) => one.run(id)))();
    },
    useRefresh: async (sha256, atMs) => use(sha256, atMs),
  };
}
