/** Commands and what became of them. */
import type Database from "better-sqlite3";
import type { CommandRow, Idempotency, Store } from "./store.ts";

type Commands = Pick<
  Store,
  | "addCommand"
  | "answerCommand"
  | "command"
  | "idempotent"
  | "expireCommands"
  | "deadLetters"
  | "deadLettered"
>;

/** A site may answer a little after the time it was given: it measures with its own clock. */
const graceMs = 5_000;
/** A site that has accepted may need long (a far end that holds a ghost session), not for ever. */
const acceptedMs = 3_600_000;

type Raw = Omit<CommandRow, "args" | "data" | "dryRun"> & {
  args: string | null;
  data: string | null;
  dryRun: number;
};
const columns = `id, site, kind, subject, verb, args, dry_run AS dryRun, by,
  sent_at_ms AS sentAtMs, expires_at_ms AS expiresAtMs, status, code, message, data,
  answered_at_ms AS answeredAtMs`;

export function commandsIn(db: Database.Database): Commands {
  const one = db.prepare<[string], Raw>(`SELECT ${columns} FROM command WHERE id = ?`);
  const insert = db.prepare(
    `INSERT INTO command (id, site, kind, subject, verb, args, dry_run, by, sent_at_ms,
     expires_at_ms, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const remember = db.prepare(
    "INSERT INTO idempotency (key, body_sha256, command_id, at_ms) VALUES (?, ?, ?, ?)",
  );
  const answer = db.prepare(
    `UPDATE command SET status = ?, code = ?, message = ?, data = ?, answered_at_ms = ?
     WHERE id = ? AND site = ? AND status NOT IN ('done', 'refused')
     AND NOT (status = 'unanswered' AND ? = 'accepted')`,
  );
  const dead = db.prepare<[number], Raw>(
    `SELECT ${columns} FROM command WHERE status = 'unanswered' AND is_dead_letter = 0
     ORDER BY sent_at_ms LIMIT ?`,
  );
  const find = (id: string) => {
    const raw = one.get(id);
    return raw && read(raw);
  };
  const add = db.transaction((row: CommandRow, idempotency?: Idempotency) => {
    const args = row.args === null ? null : JSON.stringify(row.args);
    const { id, site, kind, subject, verb, by, sentAtMs, expiresAtMs, status } = row;
    const dryRun = row.dryRun ? 1 : 0;
    insert.run(id, site, kind, subject, verb, args, dryRun, by, sentAtMs, expiresAtMs, status);
    if (idempotency) {
      const { key, bodySha256, commandId, atMs } = idempotency;
      remember.run(key, bodySha256, commandId, atMs);
    }
  });
  return {
    addCommand: async (row, idempotency) => add(row, idempotency),
    answerCommand: async ({ id, site, status, code, message, data, atMs }) => {
      const told = data === null ? null : JSON.stringify(data);
      const at = Math.round(atMs);
      const { changes } = answer.run(status, code, message, told, at, id, site, status);
      return changes === 1 ? find(id) : undefined;
    },
    command: async (id) => find(id),
    idempotent: async (key) =>
      db
        .prepare<[string], Idempotency>(
          `SELECT key, body_sha256 AS bodySha256, command_id AS commandId, at_ms AS atMs
           FROM idempotency WHERE key = ?`,
        )
        .get(key),
    expireCommands: async (nowMs) =>
      db
        .prepare<[number, number], Raw>(
          `UPDATE command SET status = 'unanswered', code = 'no_answer',
           message = 'the site did not answer in time'
           WHERE (status = 'sent' AND expires_at_ms < ?)
           OR (status = 'accepted' AND expires_at_ms < ?) RETURNING ${columns}`,
        )
        .all(Math.floor(nowMs - graceMs), Math.floor(nowMs - acceptedMs))
        .map(read),
    deadLetters: async (limit) => dead.all(limit).map(read),
    deadLettered: async (id) =>
      void db.prepare("UPDATE command SET is_dead_letter = 1 WHERE id = ?").run(id),
  };
}

function read(raw: Raw): CommandRow {
  const parsed = (json: string | null) =>
    json === null ? null : (JSON.parse(json) as Record<string, unknown>);
  return { ...raw, args: parsed(raw.args), data: parsed(raw.data), dryRun: raw.dryRun === 1 };
}
