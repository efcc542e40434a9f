/** The stream key of a session, readable only for the hub that asked for it. */
import { hostname } from "node:os";
import type { SealTo } from "../machines/session/session.contract.ts";
import type { Ingest } from "./carry-out.ts";

/**
 * A compact JWE (ECDH-ES, A256GCM) of `{stream, session, rtmpUrl, streamKey}`. The address is in it,
 * too: some carry a secret of their own.
 */
export async function sealed(p: {
  stream: string;
  session: string;
  ingest: Pick<Ingest, "address" | "streamKey">;
  publicHost: string | undefined;
  to: SealTo;
}): Promise<string> {
  const { stream, session, ingest } = p;
  // Loaded when the first session is asked for: a start must not wait for it.
  const { CompactEncrypt, importJWK } = await import("jose");
  const rtmpUrl = reachable(ingest.address, p.publicHost);
  const text = JSON.stringify({ stream, session, rtmpUrl, streamKey: ingest.streamKey });
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: "ECDH-ES", enc: "A256GCM" })
    .encrypt(await importJWK(p.to, "ECDH-ES"));
}

/** What listens on this host is known to others by the site's public name. */
export function reachable(address: string, publicHost: string | undefined): string {
  if (publicHost === undefined) return address.replace("//0.0.0.0:", `//${hostname()}:`);
  const host = publicHost.includes(":") ? `[${publicHost}]` : publicHost;
  return address.replace(
    /^([a-z]+:\/\/(?:[^/@]*@)?)(?:localhost|127(?:\.\d+){3}|\[::1\]|0\.0\.0\.0)(?=[:/?]|$)/i,
    (_, before: string) => `${before}${host}`,
  );
}
