import Database from "better-sqlite3";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { guardStore, StoreLeftAlone } from "../../../hub/store/guard.ts";
import { openSqliteStore } from "../../../hub/store/sqlite.ts";
import type { Batch } from "../../../hub/store/store.ts";

const none: Batch = {
  ...{ sites: [], actors: [], events: [], incidents: [], quarantined: [], lost: [], marks: [] },
};
const site = { site: "studio", info: null, lastSeenMs: 5 };

/** A database in a file, and somebody else who has it open. */
function aFile() {
  const folder = mkdtempSync(join(tmpdir(), "guard-"));
  const path = join(folder, "hub.db");
  const held = openSqliteStore(path);
  const other = new Database(path);
  onTestFinished(async () => {
    other.close();
    await held.close();
    rmSync(folder, { recursive: true });
  });
  const clock = { nowMs: 1_767_000_000_000 };
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
  const guard = guardStore(held, { log, now: () => clock.nowMs });
  const write = () => guard.store.commit({ ...none, sites: [site] });
  return { ...guard, held, other, clock, lines, write };
}

test("a locked database holds the hub up three times, then it is left alone for 10 s and still read", async () => {
  const hub = aFile();
  const { store, word, other, clock, lines, write } = hub;
  await write();
  other.exec("BEGIN IMMEDIATE");
  for (let i = 0; i < 2; i++) await expect(write()).rejects.toThrow("database is locked");
  expect(word()).toBe("closed");
  await expect(write()).rejects.toThrow("database is locked");
  expect(word()).toBe("open");

  await expect(write()).rejects.toThrow(StoreLeftAlone);
  await expect(store.expireCommands(clock.nowMs)).rejects.toThrow(StoreLeftAlone);
  expect((await store.load()).sites).toEqual([site]);

  other.exec("ROLLBACK");
  clock.nowMs += 9_999;
  hub.tend();
  await expect(write()).rejects.toThrow(StoreLeftAlone);
  clock.nowMs += 1;
  hub.tend();
  await expect.poll(word).toBe("halfOpen");
  await write();
  expect(word()).toBe("closed");
  const said = lines.map((line) => (JSON.parse(line) as { msg: string }).msg.split(": ")[1]);
  expect(said).toEqual(["closed → open", "open → halfOpen", "halfOpen → closed"]);
}, 120_000);

test("two that may be tried after 10 s and one of them fails: 10 s more", async () => {
  const { held, word, clock, write } = aFile();
  const whole = { ...held };
  held.commit = () => Promise.reject(new Error("database or disk is full"));
  for (let i = 0; i < 3; i++) await expect(write()).rejects.toThrow("full");
  clock.nowMs += 10_000;
  Object.assign(held, whole);
  await write();
  expect(word()).toBe("halfOpen");
  held.commit = () => Promise.reject(new Error("database or disk is full"));
  await expect(write()).rejects.toThrow("full");
  expect(word()).toBe("open");
  await expect(write()).rejects.toThrow(StoreLeftAlone);
});

test("what is written to nobody or twice says nothing of the database; a person's command is tried also while it is left alone", async () => {
  const { store, held, word, clock, write } = aFile();
  const key = {
    ...{ id: "k1", name: "k", kind: "ro" as const, scopes: [], site: null, sites: null },
    ...{ sha256: "a", createdAtMs: 1, expiresAtMs: 2, lastUsedAtMs: null, lastUsedFrom: null },
    replacedBy: null,
  };
  await store.addKey(key);
  for (let i = 0; i < 5; i++) await expect(store.addKey(key)).rejects.toThrow("UNIQUE");
  expect(word()).toBe("closed");

  const whole = { ...held };
  held.commit = () => Promise.reject(new Error("database or disk is full"));
  for (let i = 0; i < 2; i++) await expect(write()).rejects.toThrow("full");
  await store.expireCommands(clock.nowMs);
  await expect(write()).rejects.toThrow("full");
  expect(word()).toBe("open");
  await store.addAudit(5, "key.made", "hub", "{}");
  expect(word()).toBe("halfOpen");
  Object.assign(held, whole);
  await write();
  expect(word()).toBe("closed");
});
