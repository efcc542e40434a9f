import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { expect, test } from "vitest";
import { followFiles, secretsIn } from "../../hub/certificate.ts";

test("a renewed certificate is shown without a restart, and a half-written one is not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-certificate-"));
  const at = (name: string) => join(folder, name);
  for (const name of ["old", "new"]) {
    const files = ["-keyout", at(`${name}.key`), "-out", at(`${name}.pem`), "-subj", `/CN=${name}`];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    execFileSync("openssl", ["req", "-x509", ...curve, ...files], { stdio: "ignore" });
  }
  const use = (name: string, what: "key" | "pem") => copyFileSync(at(`${name}.${what}`), at(what));
  use("old", "key");
  use("old", "pem");
  const files = { certificate: at("pem"), key: at("key") };
  const server = createServer(secretsIn(files), (socket) => socket.end());
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const shown = () =>
    new Promise<unknown>((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().subject.CN);
        socket.destroy();
      });
      socket.on("error", reject);
    });
  const said: string[] = [];
  const note = (fields: unknown) => void said.push((fields as { code: string }).code);
  const stop = followFiles(server, files, { info: note, error: note }, 20);
  try {
    expect(await shown()).toBe("old");
    // The certificate is there, its key not yet; then nonsense; then both.
    use("new", "pem");
    await expect.poll(() => said).toEqual(["certificate_not_taken"]);
    expect(await shown()).toBe("old");
    writeFileSync(at("key"), "half a key");
    await expect.poll(() => said).toEqual(["certificate_not_taken", "certificate_not_taken"]);
    expect(await shown()).toBe("old");
    use("new", "key");
    await expect.poll(() => said.at(-1)).toBe("certificate_renewed");
    expect(await shown()).toBe("new");
  } finally {
    stop();
    server.close();
    rmSync(folder, { recursive: true });
  }
});
