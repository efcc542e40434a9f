/** What the doors for publishers have in common. */
import { createHash, timingSafeEqual } from "node:crypto";

/** A publisher that has sent nothing for so long gives way to another that has the key. */
export const givesWayAfterMs = 2_000;

export type Publisher = { from: string; sinceMs: number };
export type Refusal = { from: string; why: string };

/** Takes as long for a key that is nearly right as for any other. */
export function isKey(given: string, keySha256: string): boolean {
  const digest = createHash("sha256").update(given).digest();
  return timingSafeEqual(digest, Buffer.from(keySha256, "hex"));
}
