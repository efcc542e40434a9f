/** Which keys a hub has of its own, and how long one that was replaced goes on being good. */
import { join } from "node:path";
import { accessLifeS, makeTokenKey } from "./auth/tokens.ts";
import { makeCommandKey } from "./command-key.ts";
import { openOwnKey, type OwnKey } from "./own-keys.ts";
import { makeWebhookKey } from "./webhooks/signing.ts";

export const hubKeyNames = ["token", "webhook", "command"] as const;
export type HubKeys = Record<(typeof hubKeyNames)[number], OwnKey>;

const dayMs = 86_400_000;

/** @param folder absent: in memory only. @param secret what the files are sealed with */
export function openHubKeys(p: {
  folder?: string;
  secret?: string | undefined;
  now: () => number;
}): HubKeys {
  const own = (name: string, keptMs: number, make: () => string | Promise<string>) =>
    openOwnKey({
      ...{ file: p.folder && join(p.folder, name), secret: p.secret, make, keptMs, now: p.now },
    });
  return {
    // As long as the last token that it has signed.
    token: own("token-key.pem", accessLifeS * 1_000, makeTokenKey),
    // Until the receivers have their new secrets.
    webhook: own("webhook-key", 7 * dayMs, makeWebhookKey),
    // Until the sites have pinned the new one.
    command: own("command-key.pem", 30 * dayMs, makeCommandKey),
  };
}
