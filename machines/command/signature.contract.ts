/**
 * What the hub signs of a request, so that a site can tell it from whoever else may publish to its
 * broker: Ed25519 over this text, in UTF-8. Signatures stand in the request as base64url.
 */
import { z } from "zod";

/** One of each key that holds: two while a key is being replaced. */
export const Signatures = z.array(z.string().max(120)).max(4);

/** A public key as people copy it: `ed25519:` and its 32 bytes in base64url. */
export const commandKeyShape = /^ed25519:[A-Za-z0-9_-]{43}$/;

/**
 * All of the request but its signatures, and where it was sent: nobody can send it to another
 * subject, later than it says, or with other arguments. JSON as of RFC 8785.
 */
export function signedText(topic: string, { signatures: _, ...said }: Record<string, unknown>) {
  return `understudy command\n${topic}\n${canonical(said)}`;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  // By UTF-16 code units, as `sort` has it without more.
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(",")}}`;
}
