/** A certificate authority of a test's own, made by openssl. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificateAuthorities } from "../../daemon/drivers/ffmpeg/arguments.ts";

export type Authority = {
  /** PEM, for a server whose only name this is. */
  certificate(name: string): { key: string; cert: string };
  /**
   * A program that runs another one on a host that trusts this authority and nobody else: at the
   * place of the host's own list is ours, for that process alone. Needs root.
   */
  trustedBy(program: string): string;
  remove(): void;
};

const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];

export function anAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), "authority-"));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  openssl(
    ...["req", "-x509", ...curve, "-subj", "/CN=house", "-keyout", at("key"), "-out", at("ca")],
  );
  return {
    certificate(name) {
      const [key, cert] = [at(`${name}.key`), at(`${name}.pem`)];
      const names = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
      const by = ["-CA", at("ca"), "-CAkey", at("key")];
      openssl("req", "-x509", ...curve, ...names, ...by, "-keyout", key, "-out", cert);
      return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
    },
    trustedBy(program) {
      const script = at(program.replace(/.*\//, ""));
      const ours = `mount --bind ${at("ca")} ${certificateAuthorities}`;
      const text = `#!/bin/sh\nexec unshare --mount sh -c '${ours} && exec "$@"' sh ${program} "$@"\n`;
      writeFileSync(script, text);
      chmodSync(script, 0o755);
      return script;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
