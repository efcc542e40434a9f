import { expect, test } from "vitest";
import {
  isWellFormed,
  keyLifeMs,
  newSecret,
  openKeyRing,
  type GivenKey,
} from "../../../hub/api/keys.ts";
import { openSqliteStore } from "../../../hub/store/sqlite.ts";
import { slow } from "../../setup/slow.ts";

test("a key carries its kind, and any single typo is noticed without a look-up", () => {
  for (const kind of ["adm", "op", "ro", "site"] as const) {
    const key = newSecret(kind);
    expect(key).toMatch(new RegExp(`^us_${kind}_[0-9A-Za-z]{36}$`));
    expect(isWellFormed(key)).toBe(true);
    for (let at = key.length - 36; at < key.length; at++) {
      const other = key[at] === "a" ? "b" : "a";
      expect(isWellFormed(key.slice(0, at) + other + key.slice(at + 1))).toBe(false);
    }
  }
});

test("the store holds no key, only its hash; an expired or revoked key opens nothing", async () => {
  const store = openSqliteStore(":memory:");
  let nowMs = 1_000;
  const keys = await openKeyRing(store, () => nowMs);
  const { row, secret } = await keys.mint("op", "night shift", undefined, 10_000);
  expect(JSON.stringify(await store.keys())).not.toContain(secret);
  expect(keys.check(secret)?.name).toBe("night shift");
  expect((await openKeyRing(store, () => nowMs)).check(secret)?.id).toBe(row.id);
  nowMs = 11_000;
  expect(keys.check(secret)).toBeUndefined();
  nowMs = 2_000;
  expect(await keys.revoke(row.id)).toBe(true);
  expect(keys.check(secret)).toBeUndefined();
  await store.close();
});

async function aRing(given: GivenKey[] = []) {
  const store = openSqliteStore(":memory:");
  const clock = { nowMs: 1_000_000 };
  const open = () => openKeyRing(store, () => clock.nowMs, given);
  return { store, clock, open, keys: await open() };
}

test("a key expires at the millisecond it says, also after a restart", async () => {
  const { clock, open, keys } = await aRing();
  const { secret, row } = await keys.mint("ro", "wall", undefined, 60_000);
  clock.nowMs += 59_999;
  expect(keys.check(secret)?.id).toBe(row.id);
  clock.nowMs += 1;
  expect(keys.check(secret)).toBeUndefined();
  expect((await open()).check(secret)).toBeUndefined();
});

test("a replaced key opens beside its successor until its grace ends, then no more", async () => {
  const { clock, open, keys } = await aRing();
  const wish = { kind: "op", name: "gpio", scopes: ["write"], sites: ["studio"] } as const;
  const old = await keys.make({ ...wish, scopes: [...wish.scopes], sites: [...wish.sites] });
  let told = 0;
  keys.onChange(() => (told += 1));
  const made = await keys.rotate(old.row.id, 10_000);
  expect(made?.row).toMatchObject({ ...wish, expiresAtMs: clock.nowMs + keyLifeMs });
  expect(await keys.rotate(old.row.id, 10_000)).toBeUndefined();
  clock.nowMs += 9_999;
  keys.sweep();
  expect(told).toBe(1);
  expect(keys.check(old.secret)?.replacedBy).toBe(made?.row.id);
  clock.nowMs += 1;
  keys.sweep();
  expect(told).toBe(2);
  expect(keys.check(old.secret)).toBeUndefined();
  const again = await open();
  expect(again.check(old.secret)).toBeUndefined();
  expect(again.check(made?.secret ?? "")).toMatchObject({ scopes: ["write"], sites: ["studio"] });
});

test("the key of MASTER_API_KEY opens, is listed without an end and is never stored", async () => {
  const secret = "Zr8kq1vPUm0sXo3bT5yWc7eJh9nLd2fA+g4i6K=";
  const { store, keys } = await aRing([{ name: "MASTER_API_KEY", secret }]);
  expect(keys.check(secret, "10.0.0.7")).toMatchObject({ name: "MASTER_API_KEY", kind: "adm" });
  expect(keys.all()).toMatchObject([{ expiresAtMs: null, lastUsedFrom: "10.0.0.7" }]);
  expect(await keys.revoke("given-master-api-key")).toBe(false);
  expect(await store.keys()).toEqual([]);
});

slow("none of 5,000 mutated keys opens anything", async () => {
  const given = "Zr8kq1vPUm0sXo3bT5yWc7eJh9nLd2fA+g4i6K=";
  const { keys } = await aRing([{ name: "MASTER_API_KEY", secret: given }]);
  const real = [given, (await keys.mint("adm", "a")).secret, (await keys.mint("ro", "b")).secret];
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_ \0é=";
  const some = (below: number) => Math.floor(Math.random() * below);
  let accepted = 0;
  for (let i = 0; i < 5_000; i++) {
    const key = real[i % real.length] ?? "";
    const [at, by] = [some(key.length), alphabet.charAt(some(alphabet.length))];
    const mutated = [
      key.slice(0, at) + by + key.slice(at + 1),
      key.slice(0, at) + key.slice(at + 1),
      key.slice(0, at) + by + key.slice(at),
      key.slice(0, -36) + newSecret("adm").slice(-36),
      [...key].sort(() => Math.random() - 0.5).join(""),
      key.toUpperCase(),
    ][i % 6];
    if (mutated === undefined || real.includes(mutated)) continue;
    if (keys.check(mutated)) accepted += 1;
  }
  expect(accepted).toBe(0);
});
