/**
 * Notes that a browser carries for the hub: it can neither read, change nor make one, and each is
 * good once. They hold as long as this process: nothing of a login on its way is on disk.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { EncryptJWT, errors, jwtDecrypt } from "jose";
import { z } from "zod";

/** More used notes than this at a time are an attack; the oldest are forgotten. */
const mostUsed = 100_000;

export type Notes<T> = {
  seal(content: T): Promise<string>;
  /** @returns undefined for what is not a note of ours, too old, or was used before */
  use(text: string): Promise<T | undefined>;
};

/** @param kind notes of one kind are none of another */
export function openNotes<T extends Record<string, unknown>>(
  kind: string,
  content: z.ZodType<T>,
  lifeS: number,
  now: () => number,
): Notes<T> {
  const key = randomBytes(32);
  /** Note → when it is too old anyway. */
  const used = new Map<string, number>();
  const isFirst = (id: string, nowMs: number): boolean => {
    if (used.has(id)) return false;
    for (const [held, endsAtMs] of used) {
      if (nowMs < endsAtMs && used.size < mostUsed) break;
      used.delete(held);
    }
    used.set(id, nowMs + lifeS * 1_000);
    return true;
  };
  return {
    seal: async (payload) =>
      new EncryptJWT(payload)
        .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
        .setAudience(kind)
        .setJti(randomUUID())
        .setExpirationTime(Math.floor(now() / 1_000) + lifeS)
        .encrypt(key),
    use: async (text) => {
      try {
        const { payload } = await jwtDecrypt(text, key, {
          ...{ audience: kind, requiredClaims: ["exp", "jti"], currentDate: new Date(now()) },
          ...{ keyManagementAlgorithms: ["dir"], contentEncryptionAlgorithms: ["A256GCM"] },
        });
        const { aud: _aud, exp: _exp, jti = "", ...held } = payload;
        const read = content.safeParse(held);
        return read.success && isFirst(jti, now()) ? read.data : undefined;
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
        throw error;
      }
    },
  };
}
