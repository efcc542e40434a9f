/**
 * The chain: each row's hash covers the hash of the row before. Whoever changes, removes or
 * inserts a row would have to write every later one anew, and the head that left the machine
 * (it is logged at each start and once a day) would still tell.
 */
import { createHash } from "node:crypto";

export type AuditRow = {
  n: number;
  atMs: number;
  type: string;
  actor: string;
  /** The entry as JSON, as it was hashed. */
  body: string;
  previous: string;
  hash: string;
};
export type Head = { n: number; hash: string };

/** What the first row follows. */
export const origin: Head = { n: 0, hash: "0".repeat(64) };

export const hashOf = (n: number, previous: string, body: string) =>
  createHash("sha256").update(`${previous}\n${n}\n${body}`).digest("hex");

export type Flaw = { n: number; what: string };

/**
 * @param rows all after `start`, by number
 * @param heads rows that are known to have been there: the store's own head, and one from a log
 */
export function flawsOf(
  rows: Iterable<AuditRow>,
  heads: readonly Head[],
  start: Head = origin,
): Flaw[] {
  const flaws: Flaw[] = [];
  const wanted = new Map(heads.filter(({ n }) => n > start.n).map((head) => [head.n, head]));
  let last = start;
  for (const row of rows) {
    const { n, body, previous, hash } = row;
    for (let gone = last.n + 1; gone < n; gone++) flaws.push({ n: gone, what: "removed" });
    if (!isItself(row)) flaws.push({ n, what: "changed" });
    if (n === last.n + 1 && previous !== last.hash) {
      flaws.push({ n, what: `does not follow row ${last.n}: inserted, or that one was rewritten` });
    }
    const head = wanted.get(n);
    if (head && head.hash !== hashOf(n, previous, body)) {
      flaws.push({ n, what: `is not the row of the known head ${head.hash.slice(0, 12)}…` });
    }
    last = { n, hash };
  }
  for (const { n } of wanted.values()) {
    for (let gone = last.n + 1; gone <= n; gone++) flaws.push({ n: gone, what: "removed" });
    last = { ...last, n: Math.max(last.n, n) };
  }
  return flaws;
}

/** The columns beside the body are copies for searching; they must say the same. */
function isItself({ n, atMs, type, actor, body, previous, hash }: AuditRow): boolean {
  if (hash !== hashOf(n, previous, body)) return false;
  const said = JSON.parse(body) as { atMs?: unknown; type?: unknown; actor?: unknown };
  return said.atMs === atMs && said.type === type && said.actor === actor;
}
