/** A hub's broker that is reached by TLS, with a certificate authority of the house's own. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { startMosquitto } from "./mosquitto.ts";

const run = promisify(execFile);
const daemon = fileURLToPath(new URL("../../dist/daemon.cjs", import.meta.url));

test("a site comes online at a broker whose certificate is signed by the house's own CA", async () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-tls-"));
  onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 5 }));
  const [certificate, key] = [join(folder, "ca.pem"), join(folder, "key.pem")];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
    ],
    { stdio: "ignore" },
  );
  const broker = await startMosquitto({
    ...{ users: { studio: "secret" }, acl: "user studio\ntopic readwrite #\n" },
    more: `certfile ${certificate}\nkeyfile ${key}\n`,
  });
  onTestFinished(() => broker.close());
  writeFileSync(join(folder, "password"), "secret", { mode: 0o600 });
  const site = join(folder, "site.yaml");
  writeFileSync(
    site,
    [
      ...["site: studio", `stateDir: ${folder}/state`, "mqtt:"],
      `  url: mqtts://localhost:${broker.port}`,
      ...[`  ca: ${certificate}`, "  username: studio", `  password: file:${folder}/password`],
      ...["encoders: []", "destinations: []", "streams: []", ""],
    ].join("\n"),
  );
  const child = spawn(process.execPath, [daemon, "--config", site], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const { stdout } = await run("mosquitto_sub", [
    ...["-h", "localhost", "-p", String(broker.port), "--cafile", certificate],
    ...["-u", "studio", "-P", "secret", "-C", "1", "-W", "25"],
    ...["-t", "understudy/v1/studio/info"],
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ site: "studio" });
});
