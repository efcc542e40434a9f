import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, expect, test } from "vitest";
import { openAudit } from "../../../hub/audit/audit.ts";
import { auditKeyFile, pruneAudit } from "../../../hub/audit/pruning.ts";
import { keyIn } from "../../../hub/key-file.ts";
import { openSqliteStore } from "../../../hub/store/sqlite.ts";
import { shell } from "../cli/a-shell.ts";

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 0, 1);
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Twelve rows, one a day; kept for five days. */
async function aLog() {
  const folder = mkdtempSync(join(tmpdir(), "understudy-pruning-"));
  folders.push(folder);
  const archive = join(folder, "archive");
  const key = keyIn(join(folder, auditKeyFile));
  const store = openSqliteStore(join(folder, "hub.db"));
  const clock = { day: 0 };
  const now = () => startMs + clock.day * dayMs;
  const log = openAudit(store, { error: () => undefined }, now);
  const write = (days: number) => {
    for (let i = 0; i < days; i++, clock.day++)
      log.add({ type: "command.asked", actor: `key:k${clock.day}`, outcome: "ok" });
  };
  write(12);
  const prune = (most?: number) =>
    pruneAudit({
      ...{ store, key, folder: archive, keptMs: 5 * dayMs, nowMs: now() },
      ...(most !== undefined && { most }),
    });
  const change = (sql: string) => {
    const db = new Database(join(folder, "hub.db"));
    db.exec(sql);
    db.close();
  };
  const verify = async (...more: string[]) => {
    const { code, out, err } = await shell(["audit", "verify", "--state-dir", folder, ...more]);
    return [code, ...(out + err).trim().split("\n")];
  };
  return { store, folder, archive, key, clock, write, prune, change, verify };
}

test("old rows go into a file, and what is left still proves since when it is whole", async () => {
  const { store, archive, prune, verify, write } = await aLog();
  const seventh = (await store.audit({ limit: 50 })).items.find(({ n }) => n === 7)!;
  expect(await prune()).toMatchObject({
    n: 7,
    hash: seventh.hash,
    file: "audit-000000000001.jsonl",
  });
  const { items } = await store.audit({ limit: 50 });
  expect(items.map(({ n }) => n)).toEqual([13, 12, 11, 10, 9, 8]);
  expect(JSON.parse(items[0]!.body)).toMatchObject({
    ...{ type: "audit.pruned", actor: "hub", outcome: "ok" },
    detail: { from: 1, upTo: 7, hash: seventh.hash, file: "audit-000000000001.jsonl" },
  });
  const file = join(archive, "audit-000000000001.jsonl");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(7);
  const head = (await store.auditHead()).hash;
  expect(await verify()).toEqual([
    0,
    `whole: rows 8 to 13, those before were pruned by 2026-01-13T00:00:00.000Z, head 13:${head}`,
  ]);
  // Not again before the oldest is a day too old; then from where it left off.
  expect(await prune()).toBeUndefined();
  write(2);
  expect(await prune()).toMatchObject({ n: 9, file: "audit-000000000008.jsonl" });
  expect((await verify())[0]).toBe(0);
  expect((await verify("--archive", archive))[0]).toBe(0);
  await store.close();
});

test("a head that was logged long ago is checked with the files", async () => {
  const { store, archive, prune, verify } = await aLog();
  const third = (await store.audit({ limit: 50 })).items.find(({ n }) => n === 3)!;
  await prune();
  const head = ["--head", `3:${third.hash}`];
  expect(await verify(...head)).toEqual([2, expect.stringContaining("--archive")]);
  expect((await verify(...head, "--archive", archive))[0]).toBe(0);
  const file = join(archive, "audit-000000000001.jsonl");
  writeFileSync(file, readFileSync(file, "utf8").replaceAll("key:k4", "key:k9"));
  expect(await verify("--archive", archive)).toEqual([1, "row 5: changed"]);
  rmSync(file);
  expect((await verify("--archive", archive))[0]).toBe(1);
  await store.close();
});

test("a beginning that somebody moved, forged or took away is found", async () => {
  for (const [sql, wanted] of [
    [`UPDATE audit SET body = replace(body, '"upTo":7', '"upTo":8') WHERE n = 13`, /row 13: /],
    [`DELETE FROM audit WHERE n <= 9`, /row 8: removed/],
    [`DELETE FROM audit WHERE type = 'audit.pruned'`, /row 13: removed/],
    [`UPDATE audit SET previous = '${"0".repeat(64)}' WHERE n = 8`, /row 8: changed/],
  ] as const) {
    const { store, prune, change, verify } = await aLog();
    await prune();
    await store.close();
    change(sql);
    const [code, ...told] = await verify();
    expect([sql, code]).toEqual([sql, 1]);
    expect(told.join("\n")).toMatch(wanted);
  }
});

test("who takes rows away and writes a fitting row about it has no key to seal it", async () => {
  const { store, prune, change, verify, folder } = await aLog();
  await prune();
  const rows = (await store.audit({ limit: 50 })).items;
  const tenth = rows.find(({ n }) => n === 10)!;
  const { detail } = JSON.parse(rows[0]!.body) as { detail: object };
  const forged = {
    ...{ atMs: 1, type: "audit.pruned", actor: "hub", outcome: "ok" },
    detail: { ...detail, upTo: 10, hash: tenth.hash },
  };
  const body = JSON.stringify(forged);
  await store.addAudit(1, "audit.pruned", "hub", body);
  await store.close();
  change("DELETE FROM audit WHERE n <= 10");
  expect(await verify()).toEqual([
    ...[1, "row 14: says that rows up to 10 were pruned, which the hub did not do"],
  ]);
  rmSync(join(folder, auditKeyFile));
  expect(await verify()).toEqual([1, expect.stringContaining("audit-key is missing")]);
});

test("rows that are not whole, or cannot be kept, do not leave", async () => {
  const { store, folder, prune, change, archive } = await aLog();
  writeFileSync(archive, "a file where the folder should be");
  await expect(prune()).rejects.toThrow(/EEXIST|ENOTDIR/);
  rmSync(archive);
  change("UPDATE audit SET body = replace(body, 'k2', 'k9') WHERE n = 3");
  await expect(prune()).rejects.toThrow(/row 3 of the audit log changed: nothing is pruned/);
  expect((await store.audit({ limit: 50 })).items).toHaveLength(12);
  expect(readdirSync(folder)).not.toContain("archive");
  await store.close();
});

test("a log that grew old at once leaves in pieces, and one that is all old keeps its chain", async () => {
  const { store, archive, prune, clock, verify } = await aLog();
  clock.day = 100;
  expect(await prune(5)).toMatchObject({ n: 5 });
  expect(await prune(5)).toMatchObject({ n: 10 });
  expect(await prune(5)).toMatchObject({ n: 12 });
  expect((await store.audit({ limit: 50 })).items.map(({ n }) => n)).toEqual([15, 14, 13]);
  expect((await verify())[0]).toBe(0);
  expect((await verify("--archive", archive))[0]).toBe(0);
  await store.close();
});
