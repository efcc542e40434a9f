import { join } from "node:path";
import Database from "better-sqlite3";

type Input = { actor: string; body: string };

/**
 * Nobody is cheap by looking away: the newest reading of each encoder on disk says this.
 * @throws with how many do
 */
export function allSeen(stateDir: string, p: { encoders: number; says: string }): void {
  const newest = inputs<Input>(
    stateDir,
    `select actor, body from input where id in
       (select max(id) from input where actor like 'encoder:%' and body like '%"reading"%'
        group by actor)`,
  );
  const seen = newest.filter(({ body }) => body.includes(p.says)).length;
  if (seen !== p.encoders) throw new Error(`${seen} of ${p.encoders} encoders say ${p.says}`);
}

/** How many readings were journaled up to now. */
export function readings(stateDir: string): number {
  const sql = `select count(*) as count from input
    where actor like 'encoder:%' and body like '{"type":"reading"%'`;
  return inputs<{ count: number }>(stateDir, sql)[0]?.count ?? 0;
}

function inputs<Row>(stateDir: string, sql: string): Row[] {
  const db = new Database(join(stateDir, "site.db"), { readonly: true });
  try {
    return db.prepare<[], Row>(sql).all();
  } finally {
    db.close();
  }
}
