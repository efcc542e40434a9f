/**
 * Runs a built daemon until it is ready and keeps what V8 has compiled by then; what runs later is
 * compiled when it does. `node [flags] code-cache.mjs PROGRAM`, see daemon/code-cache.ts.
 */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";

const file = resolve(process.argv[2] ?? "");
const folder = mkdtempSync(join(tmpdir(), "understudy-build-"));
const config = join(folder, "site.yaml");
writeFileSync(join(folder, "key"), "none\n", { mode: 0o600 });
/** Nobody listens on port 1: a site like most, and nothing leaves this machine. */
writeFileSync(
  config,
  `site: build
stateDir: ${join(folder, "state")}
mqtt: { url: "mqtt://127.0.0.1:1" }
encoders:
  - { id: soft-a, driver: ffmpeg, source: camera, input: { kind: testPattern } }
  - { id: soft-b, driver: ffmpeg, source: camera, input: { kind: testPattern } }
  - { id: helo-a, driver: aja-helo, host: 127.0.0.1, port: 1 }
  - { id: helo-b, driver: aja-helo, host: 127.0.0.1, port: 1 }
destinations:
  - { id: far-a, address: "rtmp://127.0.0.1:1/a", streamKey: "file:${join(folder, "key")}" }
  - { id: far-b, address: "rtmp://127.0.0.1:1/b", streamKey: "file:${join(folder, "key")}" }
streams:
  - { id: stream-a, destination: far-a, encoders: [soft-a, soft-b], autoStart: false }
  - { id: stream-b, destination: far-b, encoders: [helo-a, helo-b], autoStart: false }
`,
);
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const source = readFileSync(file, "latin1");
const mark = /\/\*([0-9a-f]{32})\*\//.exec(source)?.[1] ?? "";
const script = new Script(source, { filename: file });

let said = "";
process.stdout.write = (line) => {
  said += String(line);
  if (said.includes('"code":"ready"')) keep();
  return true;
};
function keep() {
  writeFileSync(`${file}.new`, Buffer.concat([Buffer.from(mark), script.createCachedData()]));
  renameSync(`${file}.new`, `${file}.cache`);
  process.exit(0);
}
setTimeout(() => {
  console.error(`the daemon was not ready:\n${said}`);
  process.exit(1);
}, 30_000);

process.argv = [process.argv[0] ?? "", file, "--config", config];
const module = { exports: {} };
const url = pathToFileURL(file).href;
script.runInThisContext()(module.exports, createRequire(url), module, url);
const { runDaemon } = /** @type {{ runDaemon: () => Promise<number> }} */ (module.exports);
process.exit(await runDaemon());
