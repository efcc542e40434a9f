/** Access tokens: JWT, RS256, one hour. Anybody may check them against our key set. */
import { createPrivateKey, createPublicKey, generateKeyPair, randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { calculateJwkThumbprint, errors, exportJWK, jwtVerify, SignJWT, type JWK } from "jose";
import type { Role } from "./permissions.ts";

export const accessLifeS = 3_600;
const audience = "understudy";

export type Claims = { person: string; session: string };
export type Tokens = {
  /** @param claims `person`: a person's id, or `key:<id>` for a page that was opened with a key */
  issue(claims: Claims & { name: string; role?: Role }): Promise<string>;
  /** @returns undefined for whatever is not a valid token of ours */
  check(token: string): Promise<Claims | undefined>;
  keySet(): Promise<{ keys: JWK[] }>;
};

type Needs = {
  /** Where the private key lives, mode 0600; absent: in memory only. Made when first needed. */
  keyFile?: string;
  /** Name of this hub. */
  hub: string;
  now: () => number;
};

export function openTokens({ keyFile, hub, now }: Needs): Tokens {
  const issuer = `urn:understudy:hub:${hub}`;
  let opening: ReturnType<typeof openKey> | undefined;
  const key = () => (opening ??= openKey(keyFile));
  return {
    issue: async ({ person, session, name, role }) => {
      const { secret, kid } = await key();
      const atS = Math.floor(now() / 1_000);
      return new SignJWT({ sid: session, name, ...(role && { role }) })
        .setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(person)
        .setJti(randomUUID())
        .setIssuedAt(atS)
        .setNotBefore(atS)
        .setExpirationTime(atS + accessLifeS)
        .sign(secret);
    },
    check: async (token) => {
      if (!isCanonical(token)) return undefined;
      const { open, kid } = await key();
      try {
        const { payload, protectedHeader } = await jwtVerify(token, open, {
          ...{ algorithms: ["RS256"], typ: "at+jwt", issuer, audience },
          requiredClaims: ["exp", "nbf", "sub", "sid", "jti"],
          currentDate: new Date(now()),
        });
        const { sub, sid } = payload;
        if (protectedHeader.kid !== kid || sub === undefined) return undefined;
        return typeof sid === "string" ? { person: sub, session: sid } : undefined;
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
        throw error;
      }
    },
    keySet: async () => ({ keys: [(await key()).jwk] }),
  };
}

/** The last character of a signature has spare bits: other spellings of a token are refused. */
function isCanonical(token: string): boolean {
  const parts = token.split(".");
  const same = (part: string) => Buffer.from(part, "base64url").toString("base64url") === part;
  return parts.length === 3 && token.length <= 4_096 && parts.every(same);
}

async function openKey(file: string | undefined) {
  const held = file === undefined ? undefined : readKey(file);
  const secret = held ?? (await makeKey(file));
  const open = createPublicKey(secret);
  const jwk = await exportJWK(open);
  const kid = await calculateJwkThumbprint(jwk);
  return { secret, open, kid, jwk: { ...jwk, kid, alg: "RS256", use: "sig" } };
}

function readKey(file: string) {
  try {
    return createPrivateKey(readFileSync(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Error(`${file} holds no private key; delete it to end all sessions`, {
      cause: error,
    });
  }
}

async function makeKey(file: string | undefined) {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  if (file !== undefined) writeFileSync(file, pem, { mode: 0o600, flag: "wx" });
  return privateKey;
}
