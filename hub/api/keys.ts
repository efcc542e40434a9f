/**
 * Keys: `us_<kind>_` + 30 random base62 + 6 base62 of their CRC-32. The prefix makes a leaked key
 * findable, the checksum turns a typo away without a look-up. Only the SHA-256 is kept: a key has
 * 178 random bits, a slow hash would add nothing.
 */
import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import type { KeyKind, KeyRow, Store } from "../store/store.ts";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const shape = /^us_(adm|op|ro|site)_[0-9A-Za-z]{36}$/;
const dayMs = 86_400_000;
export const keyLifeMs = 90 * dayMs;
/** "Last used" is written no finer than this. */
const touchGrainMs = 60_000;

export type MintedKey = { row: KeyRow; secret: string };

export type KeyRing = {
  /** The key behind a secret, if it is known and not expired. */
  check(secret: string): KeyRow | undefined;
  mint(kind: KeyKind, name: string, site?: string, lifeMs?: number): Promise<MintedKey>;
  revoke(id: string): Promise<boolean>;
  all(): KeyRow[];
  /** Called after each change, because the broker needs the site keys too. */
  onChange(listener: () => void): void;
};

export const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");

function base62(value: number, length: number): string {
  let text = "";
  for (let left = value; text.length < length; left = Math.floor(left / 62)) {
    text = alphabet.charAt(left % 62) + text;
  }
  return text;
}

/** Unbiased: bytes of 248 and above are thrown away (248 = 4 × 62). */
function randomBase62(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += alphabet.charAt(byte % 62);
    }
  }
  return text;
}

export function newSecret(kind: KeyKind): string {
  const body = `us_${kind}_${randomBase62(30)}`;
  return body + base62(crc32(body), 6);
}

/** Whether this can be one of our keys at all. */
export function isWellFormed(secret: string): boolean {
  if (!shape.test(secret)) return false;
  return base62(crc32(secret.slice(0, -6)), 6) === secret.slice(-6);
}

export async function openKeyRing(
  store: Pick<Store, "keys" | "addKey" | "deleteKey" | "touchKey">,
  now: () => number,
): Promise<KeyRing> {
  // Looked up by hash: what an attacker can time is the hash, which tells nothing about the key.
  const byHash = new Map((await store.keys()).map((row) => [row.sha256, row]));
  const listeners: (() => void)[] = [];
  const changed = () => {
    for (const listener of listeners) listener();
  };
  return {
    check: (secret) => {
      if (!isWellFormed(secret)) return undefined;
      const row = byHash.get(sha256Hex(secret));
      const nowMs = now();
      if (!row || row.expiresAtMs <= nowMs) return undefined;
      if (nowMs - (row.lastUsedAtMs ?? 0) > touchGrainMs) {
        row.lastUsedAtMs = nowMs;
        // Nice to know, not worth a failed request.
        store.touchKey(row.id, nowMs).catch(() => undefined);
      }
      return row;
    },
    mint: async (kind, name, site, lifeMs = keyLifeMs) => {
      const secret = newSecret(kind);
      const row: KeyRow = {
        id: randomBase62(12),
        name,
        kind,
        site: site ?? null,
        sha256: sha256Hex(secret),
        createdAtMs: now(),
        expiresAtMs: now() + lifeMs,
        lastUsedAtMs: null,
      };
      await store.addKey(row);
      byHash.set(row.sha256, row);
      changed();
      return { row, secret };
    },
    revoke: async (id) => {
      const deleted = await store.deleteKey(id);
      for (const [hash, row] of byHash) if (row.id === id) byHash.delete(hash);
      if (deleted) changed();
      return deleted;
    },
    all: () => [...byHash.values()],
    onChange: (listener) => void listeners.push(listener),
  };
}
