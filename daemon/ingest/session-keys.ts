/**
 * The publishing key of each session with an ingest. It is made of a secret of this site and the id
 * of the session: fresh for each, the same after a restart, and kept nowhere.
 */
import { createHmac, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type SessionKeys = (session: string) => string;

const secretBytes = 32;

/** @returns keys of letters, digits, _ and - */
export function openSessionKeys(stateDir: string): SessionKeys {
  let secret: Buffer | undefined;
  return (session) => {
    secret ??= secretIn(join(stateDir, "session-secret"));
    return createHmac("sha256", secret).update(session).digest("base64url");
  };
}

function secretIn(file: string): Buffer {
  try {
    const secret = Buffer.from(readFileSync(file, "utf8").trim(), "base64url");
    // A power cut may have left it empty: a guessable key is worse than another one.
    if (secret.length === secretBytes) return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const made = randomBytes(secretBytes);
  writeFileSync(file, `${made.toString("base64url")}\n`, { mode: 0o600, flush: true });
  return made;
}
