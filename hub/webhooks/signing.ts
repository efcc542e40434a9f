/**
 * Signatures as of https://www.standardwebhooks.com, so that receivers check them with a library
 * they have. No secret is stored: each follows from one key of this hub and the webhook's id.
 */
import { createHmac, randomBytes } from "node:crypto";
import { keyIn } from "../key-file.ts";

export type Signing = {
  /** `whsec_…`, for the receiver. */
  secretOf(webhook: { id: string; generation: number }): string;
  headers(
    webhook: { id: string; generation: number },
    message: { id: string; body: string; atMs: number },
  ): Record<string, string>;
};

/** @param keyFile mode 0600, made when missing; absent: in memory only */
export function openSigning(keyFile?: string): Signing {
  const key = keyFile === undefined ? randomBytes(32) : keyIn(keyFile);
  const bytesOf = ({ id, generation }: { id: string; generation: number }) =>
    createHmac("sha256", key).update(`${id}:${generation}`).digest();
  return {
    secretOf: (webhook) => `whsec_${bytesOf(webhook).toString("base64")}`,
    headers(webhook, { id, body, atMs }) {
      const seconds = Math.floor(atMs / 1_000);
      const hmac = createHmac("sha256", bytesOf(webhook)).update(`${id}.${seconds}.${body}`);
      return {
        "webhook-id": id,
        "webhook-timestamp": String(seconds),
        "webhook-signature": `v1,${hmac.digest("base64")}`,
      };
    },
  };
}
