/**
 * The hub's own keys: what signs its tokens, its webhooks and its commands. A file of mode 0600 for
 * each, sealed (AES-256-GCM) where the hub is given a secret for that. The one before the present one
 * goes on being good for a while.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

export type Held = {
  now: string;
  /** Until `endsAtMs`. */
  before: { text: string; endsAtMs: number } | null;
};
export type OwnKey = {
  held(): Promise<Held>;
  /** Makes another one; whatever was `before` is over. */
  rotate(): Promise<Held>;
};

type Needs = {
  /** Absent: in memory only. Made when first needed. */
  file?: string | undefined;
  /** Seals the file. */
  secret?: string | undefined;
  make: () => string | Promise<string>;
  /** How long a key that was replaced goes on being good, ms. */
  keptMs: number;
  now: () => number;
};

/** The file cannot be read with what the hub was given. */
export class OwnKeyError extends Error {
  override readonly name = "OwnKeyError";
}

export function openOwnKey({ file, secret, make, keptMs, now }: Needs): OwnKey {
  let opening: Promise<Held> | undefined;
  const write = (path: string, text: string) => {
    if (file === undefined) return;
    const next = `${file}.next`;
    writeFileSync(next, secret === undefined ? text : seal(text, secret, basename(file)), {
      mode: 0o600,
    });
    renameSync(next, path);
  };
  const read = (path: string): string | undefined => {
    const kept = textIn(path);
    if (kept === undefined) return undefined;
    if (kept.startsWith(mark)) return unseal(kept, path, secret, basename(file ?? ""));
    // Written before there was a secret.
    if (secret !== undefined) write(path, kept);
    return kept;
  };
  async function open(): Promise<Held> {
    if (file === undefined) return { now: await make(), before: null };
    const held = read(file);
    if (held === undefined) {
      const made = await make();
      write(file, made);
      return { now: made, before: null };
    }
    const [endsAtMs = "", ...lines] = (read(`${file}.before`) ?? "").split("\n");
    const text = lines.join("\n");
    return { now: held, before: text === "" ? null : { text, endsAtMs: Number(endsAtMs) } };
  }
  const held = async (): Promise<Held> => {
    const all = await (opening ??= open());
    return all.before && now() >= all.before.endsAtMs ? { ...all, before: null } : all;
  };
  return {
    held,
    async rotate() {
      const before = { text: (await held()).now, endsAtMs: now() + keptMs };
      const made = await make();
      write(`${file}.before`, `${before.endsAtMs}\n${before.text}`);
      if (file !== undefined) write(file, made);
      opening = Promise.resolve({ now: made, before });
      return held();
    },
  };
}

function textIn(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

const mark = "understudy-sealed:1:";
const keyFrom = (secret: string) =>
  Buffer.from(hkdfSync("sha256", secret, "", "understudy hub's own keys", 32));

/** @param name so that one file cannot stand in for another */
function seal(text: string, secret: string, name: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyFrom(secret), iv).setAAD(Buffer.from(name));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return `${mark}${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64")}\n`;
}

/** @throws OwnKeyError */
function unseal(kept: string, path: string, secret: string | undefined, name: string): string {
  if (secret === undefined)
    throw new OwnKeyError(`${path} is sealed: say its secret in stateSecret`);
  const bytes = Buffer.from(kept.slice(mark.length), "base64");
  try {
    const decipher = createDecipheriv("aes-256-gcm", keyFrom(secret), bytes.subarray(0, 12))
      .setAAD(Buffer.from(name))
      .setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
  } catch (cause) {
    throw new OwnKeyError(`${path} is sealed with another secret than stateSecret`, { cause });
  }
}
