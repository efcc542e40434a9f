/**
 * Keys: `us_<kind>_` + 30 random base62 + 6 base62 of their CRC-32. The prefix makes a leaked key
 * findable, the checksum turns a typo away without a look-up. Only the SHA-256 is kept: a key has
 * 178 random bits, a slow hash would add nothing.
 */
import { hash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Scope } from "../auth/permissions.ts";
import { scopesOfKind, type KeyKind, type KeyRow, type Store } from "../store/store.ts";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const shape = /^us_(adm|op|ro|site|rt|inv)_[0-9A-Za-z]{36}$/;
const dayMs = 86_400_000;
export const keyLifeMs = 90 * dayMs;
/** "Last used" is written no finer than this. */
const touchGrainMs = 60_000;

export type MintedKey = { row: KeyRow; secret: string };

export type KeyWish = {
  kind: KeyKind;
  name: string;
  /** Absent: those of its kind. */
  scopes?: Scope[];
  /** Needed for kind `site`, and only there. */
  site?: string;
  /** The sites it sees; absent or null = all. */
  sites?: string[] | null;
  lifeMs?: number;
};

/** A key that whoever starts the hub gives it, in the name's variable; never stored. */
export type GivenKey = { name: string; secret: string };

export type KeyRing = {
  /** The key behind a secret, if it is known and not expired. @param from the caller's address */
  check(secret: string, from?: string): KeyRow | undefined;
  /** What `open` wants of a secret; "" for what cannot be a key. */
  hashOf(secret: string): string;
  /** As `check`, for who has the hash already. */
  open(hash: string, from?: string): KeyRow | undefined;
  make(wish: KeyWish): Promise<MintedKey>;
  mint(kind: KeyKind, name: string, site?: string, lifeMs?: number): Promise<MintedKey>;
  /**
   * A new key that may do the same, for as long as the old one was made for; the old one stays
   * valid for `graceMs`, never longer than it would have been.
   * @returns undefined for a key that is unknown, expired, already replaced or not stored here
   */
  rotate(id: string, graceMs: number): Promise<MintedKey | undefined>;
  revoke(id: string): Promise<boolean>;
  /** Whether this key still opens anything: for what stays open, such as a socket. */
  isLive(id: string): boolean;
  all(): KeyRow[];
  /** Call it about once a second: tells listeners when a key has reached its end. */
  sweep(): void;
  /** Called after each change, because the broker needs the site keys too. */
  onChange(listener: () => void): void;
};

export const sha256Hex = (text: string) => hash("sha256", text, "hex");

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

/** `rt`: a refresh token; `inv`: an invitation. */
export function newSecret(kind: KeyKind | "rt" | "inv"): string {
  const body = `us_${kind}_${randomBase62(30)}`;
  return body + base62(crc32(body), 6);
}

/** Whether this can be one of our keys at all. */
export function isWellFormed(secret: string): boolean {
  if (!shape.test(secret)) return false;
  return base62(crc32(secret.slice(0, -6)), 6) === secret.slice(-6);
}

export async function openKeyRing(
  store: Pick<Store, "keys" | "addKey" | "deleteKey" | "touchKey" | "replaceKey">,
  now: () => number,
  given: GivenKey[] = [],
): Promise<KeyRing> {
  // Looked up by hash: what an attacker can time is the hash, which tells nothing about the key.
  const byHash = new Map((await store.keys()).map((row) => [row.sha256, row]));
  const foreign = new Map(given.map((key) => [sha256Hex(key.secret), givenRow(key, now())]));
  const listeners: (() => void)[] = [];
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const isLive = ({ expiresAtMs }: KeyRow) => expiresAtMs === null || now() < expiresAtMs;
  const find = (id: string) => [...byHash.values()].find((row) => row.id === id);
  const stored = (row: KeyRow) => byHash.get(row.sha256) === row;
  let sweptAtMs = now();

  function rowOf({ kind, name, scopes, site, sites, lifeMs = keyLifeMs }: KeyWish): MintedKey {
    const secret = newSecret(kind);
    const atMs = now();
    const row: KeyRow = {
      ...{ id: randomBase62(12), name, kind, scopes: scopes ?? scopesOfKind(kind) },
      ...{ site: site ?? null, sites: sites ?? null, sha256: sha256Hex(secret) },
      ...{ createdAtMs: atMs, expiresAtMs: atMs + lifeMs },
      ...{ lastUsedAtMs: null, lastUsedFrom: null, replacedBy: null },
    };
    return { row, secret };
  }
  async function make(wish: KeyWish): Promise<MintedKey> {
    const made = rowOf(wish);
    await store.addKey(made.row);
    byHash.set(made.row.sha256, made.row);
    changed();
    return made;
  }

  const ring: KeyRing = {
    check: (secret, from) => ring.open(ring.hashOf(secret), from),
    hashOf: (secret) => (isWellFormed(secret) || foreign.size > 0 ? sha256Hex(secret) : ""),
    open: (sha256, from) => {
      const row = byHash.get(sha256) ?? foreign.get(sha256);
      if (!row || !isLive(row)) return undefined;
      const nowMs = now();
      if (nowMs - (row.lastUsedAtMs ?? 0) > touchGrainMs) {
        row.lastUsedAtMs = nowMs;
        row.lastUsedFrom = from ?? null;
        // Nice to know, not worth a failed request.
        if (stored(row)) store.touchKey(row.id, nowMs, row.lastUsedFrom).catch(() => undefined);
      }
      return row;
    },
    make,
    mint: (kind, name, site, lifeMs) =>
      make({
        kind,
        name,
        ...(site !== undefined && { site }),
        ...(lifeMs !== undefined && { lifeMs }),
      }),
    rotate: async (id, graceMs) => {
      const old = find(id);
      if (!old || old.expiresAtMs === null || !isLive(old) || old.replacedBy !== null) {
        return undefined;
      }
      const { kind, name, scopes, site, sites } = old;
      const lifeMs = old.expiresAtMs - old.createdAtMs;
      const made = rowOf({ kind, name, scopes, sites, lifeMs, ...(site !== null && { site }) });
      const endsAtMs = Math.min(old.expiresAtMs, now() + graceMs);
      await store.replaceKey(id, endsAtMs, made.row);
      old.expiresAtMs = endsAtMs;
      old.replacedBy = made.row.id;
      byHash.set(made.row.sha256, made.row);
      changed();
      return made;
    },
    revoke: async (id) => {
      const deleted = await store.deleteKey(id);
      for (const [sha256, row] of byHash) if (row.id === id) byHash.delete(sha256);
      if (deleted) changed();
      return deleted;
    },
    isLive: (id) => {
      const row = find(id) ?? [...foreign.values()].find((one) => one.id === id);
      return row !== undefined && isLive(row);
    },
    all: () => [...byHash.values(), ...foreign.values()],
    sweep: () => {
      const nowMs = now();
      const ended = [...byHash.values()].some(
        ({ expiresAtMs }) =>
          expiresAtMs !== null && expiresAtMs > sweptAtMs && expiresAtMs <= nowMs,
      );
      sweptAtMs = nowMs;
      if (ended) changed();
    },
    onChange: (listener) => void listeners.push(listener),
  };
  return ring;
}

/** It may do everything, as long as the hub is started with it. */
function givenRow({ name, secret }: GivenKey, atMs: number): KeyRow {
  return {
    ...{ id: `given-${name.toLowerCase().replaceAll("_", "-")}`, name, kind: "adm" },
    ...{ scopes: scopesOfKind("adm"), site: null, sites: null, sha256: sha256Hex(secret) },
    ...{ createdAtMs: atMs, expiresAtMs: null },
    ...{ lastUsedAtMs: null, lastUsedFrom: null, replacedBy: null },
  };
}
