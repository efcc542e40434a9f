/** What the hub signs its requests with: sites that know the public half obey nobody else. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import type { OwnKey } from "./own-keys.ts";

export const makeCommandKey = () =>
  generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string;

/** As it stands in site.yaml, under mqtt.commandKeys. */
export const publicHalf = (pem: string) =>
  `ed25519:${createPublicKey(pem).export({ format: "jwk" }).x}`;

/** @returns a signature of each key that holds, so that sites may pin the new one when they like */
export function commandSigner(key: OwnKey): (text: string) => Promise<string[]> {
  const opened = new Map<string, ReturnType<typeof createPrivateKey>>();
  const keyOf = (pem: string) => {
    const held = opened.get(pem) ?? createPrivateKey(pem);
    opened.set(pem, held);
    return held;
  };
  return async (text) => {
    const { now, before } = await key.held();
    const bytes = Buffer.from(text);
    return [now, ...(before ? [before.text] : [])].map((pem) =>
      sign(null, bytes, keyOf(pem)).toString("base64url"),
    );
  };
}
