/**
 * Signatures as of https://www.standardwebhooks.com, so that receivers check them with a library
 * they have. No secret is stored: each follows from one key of this hub and the webhook's id.
 */
import { createHmac, randomBytes } from "node:crypto";
import type { OwnKey } from "../own-keys.ts";

type Of = { id: string; generation: number };
export type Signing = {
  /** `whsec_…`, for the receiver. */
  secretOf(webhook: Of): Promise<string>;
  headers(
    webhook: Of,
    message: { id: string; body: string; atMs: number },
  ): Promise<Record<string, string>>;
};

export const makeWebhookKey = () => randomBytes(32).toString("base64");

/** @param key while the one before is good, both sign: a receiver checks with whichever it has */
export function openSigning(key: OwnKey): Signing {
  const bytesOf = (own: string, { id, generation }: Of) =>
    createHmac("sha256", Buffer.from(own, "base64")).update(`${id}:${generation}`).digest();
  return {
    secretOf: async (webhook) =>
      `whsec_${bytesOf((await key.held()).now, webhook).toString("base64")}`,
    async headers(webhook, { id, body, atMs }) {
      const { now, before } = await key.held();
      const seconds = Math.floor(atMs / 1_000);
      const signed = [now, ...(before ? [before.text] : [])].map((own) => {
        const hmac = createHmac("sha256", bytesOf(own, webhook)).update(`${id}.${seconds}.${body}`);
        return `v1,${hmac.digest("base64")}`;
      });
      return {
        "webhook-id": id,
        "webhook-timestamp": String(seconds),
        "webhook-signature": signed.join(" "),
      };
    },
  };
}
