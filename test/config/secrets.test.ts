import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { ConfigError } from "../../config/problems.ts";
import { redact } from "../../config/redaction.ts";
import { loadSite } from "../../config/site.ts";

const drivers = { box: z.strictObject({ password: z.string() }) };
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "understudy-config-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function write(name: string, text: string, mode = 0o600): string {
  const file = join(dir, name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

function load(key: string, password: string, env: NodeJS.ProcessEnv = {}) {
  const site = write(
    "site.yaml",
    `site: studio
stateDir: ${dir}
mqtt: { url: "mqtt://hub" }
encoders: [{ id: one, driver: box, password: "${password}" }]
destinations: [{ id: far, address: "rtmp://far/live", streamKey: "${key}" }]
streams: [{ id: main, destination: far, encoders: [one] }]
`,
  );
  return loadSite(site, { encoders: drivers }, env);
}

function problemsOf(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((p) => p.replaceAll(dir, "DIR"));
    throw error;
  }
  return [];
}

test("a reference becomes the secret it names, and the set of live secrets knows it", () => {
  const file = write("key", "abcd-1234\n");
  write("credentials/box", "hunter2");
  const { config, secrets } = load(`file:${file}`, "credential:box");
  expect(config.destinations[0]?.streamKey).toBe("abcd-1234");
  expect(config.encoders[0]?.options).toEqual({ password: "hunter2" });
  expect(secrets).toEqual(new Set(["abcd-1234", "hunter2"]));
});

test("under systemd a credential comes from its credentials directory, group bits and all", () => {
  write("given/box", "from-systemd", 0o440);
  write("given/key", "key-from-systemd", 0o400);
  const env = { CREDENTIALS_DIRECTORY: join(dir, "given") };
  expect(load("credential:key", "credential:box", env).secrets).toEqual(
    new Set(["key-from-systemd", "from-systemd"]),
  );
});

test("a secret that other users can read is refused, at its line and without its value", () => {
  const file = write("key", "abcd-1234", 0o644);
  write("credentials/box", "hunter2", 0o640);
  expect(problemsOf(() => load(`file:${file}`, "credential:box"))).toEqual([
    "DIR/site.yaml:4:46 encoders[0].options.password: DIR/credentials/box is open to other users, make it mode 0600 or 0400",
    "DIR/site.yaml:5:66 destinations[0].streamKey: DIR/key is open to other users, make it mode 0600 or 0400",
  ]);
});

test("a secret that is missing or empty is refused", () => {
  write("credentials/box", "\n");
  expect(problemsOf(() => load("credential:none", "credential:box"))).toEqual([
    "DIR/site.yaml:4:46 encoders[0].options.password: DIR/credentials/box is empty",
    "DIR/site.yaml:5:66 destinations[0].streamKey: DIR/credentials/none does not exist",
  ]);
});

test("the state directory is the file's, else systemd's, else /var/lib/understudy", () => {
  const file = write(
    "s.yaml",
    `site: a\nmqtt: { url: "mqtt://h" }\nencoders: []\ndestinations: []\nstreams: []\n`,
  );
  expect(loadSite(file, { encoders: drivers }, {}).config.stateDir).toBe("/var/lib/understudy");
  expect(loadSite(file, { encoders: drivers }, { STATE_DIRECTORY: "/a:/b" }).config.stateDir).toBe(
    "/a",
  );
});

test("a file that is not there is one clear problem", () => {
  expect(problemsOf(() => loadSite(join(dir, "none.yaml"), { encoders: drivers }, {}))).toEqual([
    "DIR/none.yaml: cannot be read (ENOENT)",
  ]);
});

test("redaction finds a secret by value, also inside a URL and inside JSON", () => {
  const secrets = new Set(['a"b/c', "longer-a"]);
  const text = `${JSON.stringify({ deep: ['a"b/c'] })} rtmp://x/${encodeURIComponent('a"b/c')} a"b/c`;
  expect(redact(text, secrets)).toBe('{"deep":["•••"]} rtmp://x/••• •••');
});
