import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, expect, test } from "vitest";
import { openAudit } from "../../../hub/audit/audit.ts";
import { openSqliteStore } from "../../../hub/store/sqlite.ts";
import { shell } from "../cli/a-shell.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function aLog() {
  const folder = mkdtempSync(join(tmpdir(), "understudy-audit-"));
  folders.push(folder);
  const store = openSqliteStore(join(folder, "hub.db"));
  let nowMs = 1_000;
  const log = openAudit(store, { error: () => undefined }, () => nowMs++);
  for (let i = 1; i <= 6; i++)
    log.add({ type: "command.asked", actor: `key:k${i}`, outcome: "ok" });
  const head = await store.auditHead();
  await store.close();
  const change = (sql: string) => {
    const db = new Database(join(folder, "hub.db"));
    db.exec(sql);
    db.close();
  };
  const verify = async (...more: string[]) => {
    const { code, out } = await shell(["audit", "verify", "--state-dir", folder, ...more]);
    return [code, ...out.trim().split("\n")];
  };
  return { head, change, verify };
}

test("an untouched audit log is whole, and has the head that was logged", async () => {
  const { head, verify } = await aLog();
  expect(await verify()).toEqual([0, `whole: 6 rows, head 6:${head.hash}`]);
  expect((await verify("--head", `6:${head.hash}`))[0]).toBe(0);
  expect(await verify("--head", `3:${"0".repeat(64)}`)).toEqual([
    ...[1, "row 3: is not the row of the known head 000000000000…"],
  ]);
});

test("a changed, removed, inserted or cut-off row is found and named", async () => {
  for (const [sql, ...wanted] of [
    [`UPDATE audit SET body = replace(body, 'k3', 'k9') WHERE n = 3`, "row 3: changed"],
    [`UPDATE audit SET actor = 'key:k9' WHERE n = 3`, "row 3: changed"],
    [
      `UPDATE audit SET hash = '${"a".repeat(64)}' WHERE n = 3`,
      "row 3: changed",
      "row 4: does not",
    ],
    [`DELETE FROM audit WHERE n = 2`, "row 2: removed"],
    [`DELETE FROM audit WHERE n IN (5, 6)`, "row 5: removed", "row 6: removed"],
    [
      `UPDATE audit SET n = n + 10 WHERE n >= 4;
       INSERT INTO audit SELECT 4, at_ms, type, actor, body, previous, hash FROM audit WHERE n = 3;
       UPDATE audit SET n = n - 9 WHERE n >= 14`,
      ...["row 4: changed", "row 4: does not follow", "row 5: changed", "row 6: changed"],
    ],
  ] as const) {
    const { change, verify } = await aLog();
    change(sql);
    const [code, ...told] = await verify();
    expect(code).toBe(1);
    for (const want of wanted) {
      expect(told).toContainEqual(expect.stringContaining(want));
    }
  }
});

test("a rewritten end is found by a head from another day's log", async () => {
  const { head, change, verify } = await aLog();
  change(`DELETE FROM audit WHERE n = 6;
    INSERT OR REPLACE INTO audit_head SELECT 1, n, hash FROM audit WHERE n = 5`);
  expect((await verify())[0]).toBe(0);
  expect(await verify("--head", `6:${head.hash}`)).toEqual([1, "row 6: removed"]);
});

test("a flood of the same refusal is a row a minute that says how often", async () => {
  const store = openSqliteStore(":memory:");
  let nowMs = 1_000;
  const log = openAudit(store, { error: () => undefined }, () => nowMs);
  const refused = { type: "refused", actor: "stranger", outcome: "refused" } as const;
  for (let i = 0; i < 500; i++) log.often("x", refused);
  nowMs += 60_000;
  log.often("x", refused);
  const { items } = await store.audit({ limit: 10 });
  expect(items.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    { ...refused, atMs: 61_000, detail: { repeated: 499 } },
    { ...refused, atMs: 1_000 },
  ]);
  await store.close();
});
