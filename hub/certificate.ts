/** The certificate of a server, taken up anew when its files change: nobody has to restart for it. */
import { readFileSync, statSync } from "node:fs";
import type { SecureContextOptions, Server } from "node:tls";
import type { FastifyBaseLogger } from "fastify";

/**
 * Files in PEM. With `clientCa` only clients with a certificate of that authority may connect, and
 * none that `clientCrl` takes back.
 */
export type TlsFiles = { certificate: string; key: string; clientCa?: string; clientCrl?: string };

export const minVersion = "TLSv1.3";

/** @throws Error when a file cannot be read */
export function secretsIn({
  certificate,
  key,
  clientCa,
  clientCrl,
}: TlsFiles): SecureContextOptions {
  return {
    ...{ cert: readFileSync(certificate), key: readFileSync(key), minVersion },
    ...(clientCa !== undefined && { ca: readFileSync(clientCa) }),
    ...(clientCrl !== undefined && { crl: readFileSync(clientCrl) }),
  };
}

/**
 * Connections that are open keep what they began with. Files that do not fit each other, as in the
 * middle of a renewal, are looked at again; until then the old certificate is shown.
 * @returns call it when the server stops
 */
export function followFiles(
  server: Pick<Server, "setSecureContext">,
  files: TlsFiles,
  log: Pick<FastifyBaseLogger, "info" | "error">,
  everyMs = 10_000,
): () => void {
  const stamp = () =>
    Object.values(files)
      .map((file) => {
        const { mtimeMs, size, ino } = statSync(file);
        return [mtimeMs, size, ino].join();
      })
      .join(" ");
  const stampOrWhy = () => {
    try {
      return stamp();
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code);
    }
  };
  let shown = stampOrWhy();
  let refused = "";
  const looking = setInterval(() => {
    const now = stampOrWhy();
    if (now === shown) return;
    try {
      server.setSecureContext(secretsIn(files));
      [shown, refused] = [now, ""];
      log.info({ code: "certificate_renewed" }, `${files.certificate} is shown as it is now`);
    } catch (error) {
      // Once for each state of the files, not each time they are looked at.
      if (now !== refused) {
        log.error({ err: error, code: "certificate_not_taken" }, "the old certificate is kept");
      }
      refused = now;
    }
  }, everyMs);
  looking.unref();
  return () => clearInterval(looking);
}
