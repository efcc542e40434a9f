import { expect, test } from "vitest";
import { isWellFormed, newSecret, openKeyRing } from "../../../hub/api/keys.ts";
import { openSqliteStore } from "../../../hub/store/sqlite.ts";

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
