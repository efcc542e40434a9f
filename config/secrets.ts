/**
 * Secrets stand in a config file only as references: `file:/path` or `credential:name`. They are
 * read once at start. Never from the environment: child processes inherit it, and `/proc` shows it.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError, type Finding, type Loaded } from "./problems.ts";

const reference = /^(file:\/.+|credential:[A-Za-z0-9][A-Za-z0-9._-]{0,63})$/;
const howToWrite = "use file:/path or credential:name";

/** Where a secret is kept. The value itself never stands in the file. */
export const SecretReference = z
  .string({ error: `must say where the secret is kept, ${howToWrite}` })
  .regex(reference, { error: `is a secret and must not be written here, ${howToWrite}` });

const secretKey = /(password|passphrase|secret|token|streamKey|apiKey|secretAccessKey|community)$/i;

/**
 * Vendors' options are not ours to type, so there a secret is known by its key. The message never
 * repeats the value.
 */
export function inlineSecrets(raw: unknown, path: Finding["path"] = []): Finding[] {
  if (typeof raw !== "object" || raw === null) return [];
  return Object.entries(raw).flatMap(([key, value]: [string, unknown]) => {
    const here = [...path, Array.isArray(raw) ? Number(key) : key];
    if (typeof value === "object") return inlineSecrets(value, here);
    if (!secretKey.test(key) || (typeof value === "string" && reference.test(value))) return [];
    return [{ path: here, what: `is a secret and must not be written here, ${howToWrite}` }];
  });
}

export type SecretPlaces = {
  credentialsDir: string;
  /** Given by systemd, which shows its access list as group bits: 0440 is private there. */
  fromSystemd: boolean;
};

/** `$CREDENTIALS_DIRECTORY` where systemd gives one, else `<stateDir>/credentials`. */
export function secretPlaces(stateDir: string, env: NodeJS.ProcessEnv): SecretPlaces {
  const given = env["CREDENTIALS_DIRECTORY"];
  return given === undefined || given === ""
    ? { credentialsDir: join(stateDir, "credentials"), fromSystemd: false }
    : { credentialsDir: given, fromSystemd: true };
}

export type Resolved<T> = {
  /** The config with every reference replaced by its secret. Never log it. */
  config: T;
  /** All secrets in use: what redaction looks for in everything that leaves the process. */
  secrets: ReadonlySet<string>;
};

/**
 * Replaces every reference by the secret it names.
 * @throws ConfigError with every reference that cannot be read, at its place in the file
 */
export function resolveSecrets<T>(loaded: Loaded<T>, places: SecretPlaces): Resolved<T> {
  const secrets = new Set<string>();
  const findings: Finding[] = [];
  const resolve = (value: unknown, path: Finding["path"]): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => resolve(item, [...path, index]));
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, resolve(item, [...path, key])]),
      );
    }
    const key = path.at(-1);
    if (typeof value !== "string" || typeof key !== "string" || !secretKey.test(key)) return value;
    if (!reference.test(value)) return value;
    const read = readSecret(value, places);
    if ("what" in read) findings.push({ path, what: read.what });
    else secrets.add(read.secret);
    return "secret" in read ? read.secret : value;
  };
  const config = resolve(loaded.config, []) as T;
  if (findings.length > 0) throw new ConfigError(findings.map(loaded.describe));
  return { config, secrets };
}

/** Reads one secret: the file's text without the line end that editors add. */
function readSecret(ref: string, places: SecretPlaces): { secret: string } | { what: string } {
  const isFile = ref.startsWith("file:");
  const file = isFile
    ? ref.slice("file:".length)
    : join(places.credentialsDir, ref.slice("credential:".length));
  const forbidden = isFile || !places.fromSystemd ? 0o077 : 0o007;
  try {
    const found = statSync(file);
    if (!found.isFile()) return { what: `${file} is not a file` };
    if ((found.mode & forbidden) !== 0) {
      return { what: `${file} is open to other users, make it mode 0600 or 0400` };
    }
    if (found.size > 64 * 1024) return { what: `${file} is too large for a secret` };
    const secret = readFileSync(file, "utf8").replace(/\r?\n$/, "");
    return secret === "" ? { what: `${file} is empty` } : { secret };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unreadable";
    const why = { ENOENT: "does not exist", EACCES: "may not be read by this user" }[code] ?? code;
    return { what: `${file} ${why}` };
  }
}
