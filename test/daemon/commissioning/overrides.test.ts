import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { noteOverride, watchOverrides } from "../../../daemon/commissioning/overrides.ts";
import { plannedWindows } from "../../../daemon/commissioning/planned-windows.ts";

function aStateDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "understudy-override-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
const taken = (dir: string) => {
  const told: string[] = [];
  const watch = watchOverrides(dir, async ({ by, what, why }) => {
    told.push(`${what}: ${why} (${by})`);
    await Promise.resolve();
  });
  onTestFinished(() => watch.close());
  return told;
};

test("what was overridden is told once, by the daemon that starts next, and a torn line is left out", async () => {
  const dir = aStateDir();
  noteOverride(dir, "discover", "a box came without a name");
  noteOverride(dir, "commission", "its fan was exchanged");
  writeFileSync(join(dir, "freeze-overrides.jsonl"), '{"by":', { flag: "a" });
  const told = taken(dir);
  await expect.poll(() => told.length).toBe(2);
  expect(told[0]).toMatch(/^discover: a box came without a name \(.+ \(understudy discover\)\)$/);
  await expect.poll(() => existsSync(join(dir, "freeze-overrides.jsonl.taken"))).toBe(false);
  const again = taken(dir);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(again).toEqual([]);
});

test("one that was taken up by a daemon that died is told by the next", async () => {
  const dir = aStateDir();
  noteOverride(dir, "discover", "why not");
  execFileSync("mv", [
    join(dir, "freeze-overrides.jsonl"),
    join(dir, "freeze-overrides.jsonl.taken"),
  ]);
  const told = taken(dir);
  await expect.poll(() => told.length).toBe(1);
});

test("what cannot be journalled is not done", () => {
  expect(() => noteOverride(join(aStateDir(), "nowhere"), "discover", "why")).toThrow(
    "the override cannot be journalled",
  );
});

test("windows planned by command are read from the database of the site; what is unreadable is no permission", async () => {
  const dir = aStateDir();
  expect(await plannedWindows(dir)).toEqual(new Map());
  const db = new Database(join(dir, "site.db"));
  db.exec("create table resume (actor text primary key, body text, crc integer)");
  const rule = { id: "fair", start: "2026-11-22T20:00", durationMs: 3_600_000, zone: "UTC" };
  db.prepare("insert into resume values (?, ?, 0)").run(
    "stream:main",
    JSON.stringify({ carrier: "stopped", memory: { schedule: { rules: [rule] } } }),
  );
  db.close();
  const planned = await plannedWindows(dir);
  expect(planned).toEqual(new Map([["main", [expect.objectContaining({ id: "fair" })]]]));
  writeFileSync(join(dir, "site.db"), "no database");
  expect(await plannedWindows(dir)).toMatch(/cannot be read from .*site\.db/);
  expect(readFileSync(join(dir, "site.db"), "utf8")).toBe("no database");
  chmodSync(join(dir, "site.db"), 0o600);
});
