/**
 * How a stream key comes from a site: sealed to a key pair that lives for one request, so that
 * neither a broker nor a store nor a log ever has it.
 */
import { compactDecrypt, exportJWK, generateKeyPair } from "jose";
import { z } from "zod";
import { SealTo } from "../machines/session/session.contract.ts";

const Sealed = z.object({
  stream: z.string(),
  session: z.string(),
  rtmpUrl: z.string(),
  streamKey: z.string(),
});

export type OpenSeal = {
  /** The public half, as it goes to the site. */
  sealTo: SealTo;
  /** @returns undefined where it cannot be read, or is of another session */
  open(
    jwe: unknown,
    of: { stream: string; session: string },
  ): Promise<{ rtmpUrl: string; streamKey: string } | undefined>;
};

export async function openSeal(): Promise<OpenSeal> {
  const options = { crv: "X25519", extractable: true };
  const { publicKey, privateKey } = await generateKeyPair("ECDH-ES", options);
  const { kty, crv, x } = await exportJWK(publicKey);
  return {
    sealTo: SealTo.parse({ kty, crv, x }),
    async open(jwe, { stream, session }) {
      if (typeof jwe !== "string") return undefined;
      const algorithms = {
        keyManagementAlgorithms: ["ECDH-ES"],
        contentEncryptionAlgorithms: ["A256GCM"],
      };
      const opened = await compactDecrypt(jwe, privateKey, algorithms).catch(() => undefined);
      if (!opened) return undefined;
      const read = Sealed.safeParse(JSON.parse(new TextDecoder().decode(opened.plaintext)));
      if (!read.success || read.data.stream !== stream || read.data.session !== session) {
        return undefined;
      }
      return { rtmpUrl: read.data.rtmpUrl, streamKey: read.data.streamKey };
    },
  };
}
