/** Access tokens: JWT, RS256, one hour. Anybody may check them against our key set. */
import { createPrivateKey, createPublicKey, generateKeyPair, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import {
  calculateJwkThumbprint,
  decodeProtectedHeader,
  errors,
  exportJWK,
  jwtVerify,
  SignJWT,
  type JWK,
} from "jose";
import type { OwnKey } from "../own-keys.ts";
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
  /** The private key in PEM; the one before goes on being good for as long as its tokens. */
  key: OwnKey;
  /** Name of this hub. */
  hub: string;
  now: () => number;
};

export const makeTokenKey = async () => {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
};

export function openTokens({ key: own, hub, now }: Needs): Tokens {
  const issuer = `urn:understudy:hub:${hub}`;
  const opened = new Map<string, ReturnType<typeof openKey>>();
  const keyOf = (pem: string) => {
    const held = opened.get(pem) ?? openKey(pem);
    opened.set(pem, held);
    return held;
  };
  const key = async () => keyOf((await own.held()).now);
  const keys = async () => {
    const { now: newest, before } = await own.held();
    return Promise.all([newest, ...(before ? [before.text] : [])].map(keyOf));
  };
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
      const known = await keys();
      try {
        const { kid } = decodeProtectedHeader(token);
        const signer = known.find((one) => one.kid === kid);
        if (!signer) return undefined;
        const { payload } = await jwtVerify(token, signer.open, {
          ...{ algorithms: ["RS256"], typ: "at+jwt", issuer, audience },
          requiredClaims: ["exp", "nbf", "sub", "sid", "jti"],
          currentDate: new Date(now()),
        });
        const { sub, sid } = payload;
        if (sub === undefined) return undefined;
        return typeof sid === "string" ? { person: sub, session: sid } : undefined;
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
        throw error;
      }
    },
    keySet: async () => ({ keys: (await keys()).map(({ jwk }) => jwk) }),
  };
}

/** The last character of a signature has spare bits: other spellings of a token are refused. */
function isCanonical(token: string): boolean {
  const parts = token.split(".");
  const same = (part: string) => Buffer.from(part, "base64url").toString("base64url") === part;
  return parts.length === 3 && token.length <= 4_096 && parts.every(same);
}

async function openKey(pem: string) {
  const secret = createPrivateKey(pem);
  const open = createPublicKey(secret);
  const jwk = await exportJWK(open);
  const kid = await calculateJwkThumbprint(jwk);
  return { secret, open, kid, jwk: { ...jwk, kid, alg: "RS256", use: "sig" } };
}
