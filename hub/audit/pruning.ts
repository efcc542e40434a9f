/**
 * Old rows of the audit log go into a file and leave the database. The row that writes this down
 * says where the chain begins from now on, sealed with a key that is not in the database: whoever
 * takes rows away by hand cannot write such a row.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Store } from "../store/store.ts";
import { flawsOf, origin, type AuditRow, type Flaw, type Head } from "./chain.ts";

/** In the hub's state folder, and in no backup of its database alone. */
export const auditKeyFile = "audit-key";
/** Type of the row that writes it down. */
export const pruned = "audit.pruned";
const hex = z.string().regex(/^[0-9a-f]{64}$/);
const Entry = z.object({
  atMs: z.number(),
  detail: z.object({ upTo: z.int().min(1), hash: hex, seal: hex }),
});

/** @returns null where there is none: nothing was pruned, or somebody took it away */
export function sealKeyIn(stateDir: string): Buffer | null {
  const file = join(stateDir, auditKeyFile);
  return existsSync(file) ? Buffer.from(readFileSync(file, "utf8"), "base64") : null;
}

const sealOf = (key: Buffer, { n, hash }: Head) =>
  createHmac("sha256", key).update(`audit pruned\n${n}\n${hash}`).digest("hex");

/** Where the chain begins: after `head`, which was taken away at `atMs`. */
export type Beginning = { head: Head; atMs?: number; flaw?: Flaw };

/**
 * @param row the newest that tells of a pruning
 * @param key null: the file is not there
 */
export function beginningOf(row: AuditRow | undefined, key: Buffer | null): Beginning {
  if (!row) return { head: origin };
  const entry = Entry.safeParse(JSON.parse(row.body));
  const flaw = (what: string) => ({ n: row.n, what });
  if (!entry.success) return { head: origin, flaw: flaw("tells of a pruning and not which") };
  const { atMs, detail } = entry.data;
  const head = { n: detail.upTo, hash: detail.hash };
  if (!key) return { head, atMs, flaw: flaw("cannot be checked: the key audit-key is missing") };
  const isSealed = timingSafeEqual(Buffer.from(sealOf(key, head)), Buffer.from(detail.seal));
  const what = `says that rows up to ${head.n} were pruned, which the hub did not do`;
  return { head, atMs, ...(!isSealed && { flaw: flaw(what) }) };
}

type Needs = {
  store: Pick<Store, "oldestAudit" | "newestPruning" | "pruneAudit">;
  key: Buffer;
  /** Where the files go. */
  folder: string;
  keptMs: number;
  nowMs: number;
  /** At most so many at a time. */
  most?: number;
};

const dayMs = 86_400_000;

/**
 * Once a day: until the oldest row is a day too old, nothing is done.
 * @returns the last row that left; undefined = none
 * @throws Error when the old rows are not whole, or cannot be written: then none leaves
 */
export async function pruneAudit(needs: Needs): Promise<(Head & { file: string }) | undefined> {
  const { store, key, folder, keptMs, nowMs, most = 20_000 } = needs;
  const beforeMs = nowMs - keptMs;
  const [first] = await store.oldestAudit(1);
  if (!first || first.atMs >= beforeMs - dayMs) return undefined;
  const rows = await store.oldestAudit(most);
  const young = rows.findIndex(({ atMs }) => atMs >= beforeMs);
  const old = young === -1 ? rows : rows.slice(0, young);
  const last = old.at(-1);
  if (!last) return undefined;
  const { head, flaw } = beginningOf(await store.newestPruning(), key);
  const flaws = [...(flaw ? [flaw] : []), ...flawsOf(old, [], head)];
  if (flaws.length > 0) {
    const { n, what } = flaws[0]!;
    throw new Error(`row ${n} of the audit log ${what}: nothing is pruned, run audit verify`);
  }
  const text = old.map((row) => `${JSON.stringify(row)}\n`).join("");
  const file = `audit-${String(first.n).padStart(12, "0")}.jsonl`;
  await keep(folder, file, text);
  const entry = {
    ...{ atMs: nowMs, type: pruned, actor: "hub", outcome: "ok" },
    detail: {
      ...{ from: first.n, upTo: last.n, hash: last.hash, file },
      sha256: createHash("sha256").update(text).digest("hex"),
      seal: sealOf(key, last),
    },
  };
  await store.pruneAudit(last.n, nowMs, pruned, "hub", JSON.stringify(entry));
  return { n: last.n, hash: last.hash, file };
}

/** On the disk for good, or not at all. A file of an attempt that went no further is replaced. */
async function keep(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, name);
  const handle = await open(`${file}.part`, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.part`, file);
}
