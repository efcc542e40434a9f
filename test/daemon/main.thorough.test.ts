import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { lockState } from "../../daemon/journal/state-lock.ts";
import { buildProgram } from "../setup/compiled-program.mjs";
import { bundle, bundleWriter } from "../setup/writer-url.ts";
import { until } from "./journal/a-journal.ts";

let program: Awaited<ReturnType<typeof bundle>>;
let writer: Awaited<ReturnType<typeof bundleWriter>>;
const cleanups: (() => void)[] = [];
beforeAll(async () => {
  [program, writer] = await Promise.all([bundle("daemon/main.ts"), bundleWriter()]);
  // As it is installed: the program and the journal's writer beside it.
  await buildProgram(
    "daemon/run-daemon.ts",
    fileURLToPath(new URL("daemon-program.cjs", program.url)),
    {
      ...{ bundle: true, platform: "node", external: ["better-sqlite3"], logLevel: "error" },
    },
  );
  writeFileSync(new URL("./journal-writer.cjs", program.url), readFileSync(writer.url));
}, 60_000);
afterAll(() => {
  program.remove();
  writer.remove();
});
afterEach(() => {
  for (const clean of cleanups.splice(0).reverse()) clean();
});

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "understudy-main-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A site without encoders: nothing is asked and nothing is started. */
function aConfig(folder: string, more = ""): string {
  const file = join(folder, "site.yaml");
  const text = `site: studio\nstateDir: ${join(folder, "state")}\nmqtt: { url: "mqtt://127.0.0.1:1" }
encoders: []\ndestinations: []\nstreams: []\n${more}`;
  writeFileSync(file, text);
  return file;
}

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(program.url), ...args],
    { encoding: "utf8", timeout: 120_000 },
  );
  return { status, stdout, stderr };
}

test("--help says how it is started, --version what it is; both end with 0", () => {
  expect(run("--help")).toMatchObject({ status: 0, stderr: "" });
  expect(run("-h").stdout).toContain("--config FILE");
  expect(run("--version")).toMatchObject({ status: 0, stdout: "0.0.0-source\n" });
});

test("a flag that does not exist ends with 2, what is wrong, and the usage", () => {
  const { status, stderr, stdout } = run("--confg", "site.yaml");
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("--confg");
  expect(stderr).toContain("--config FILE");
});

test("a configuration that is missing or wrong ends with 2 and its place", () => {
  const folder = aFolder();
  expect(run("--config", join(folder, "none.yaml"))).toMatchObject({
    status: 2,
    stderr: `${join(folder, "none.yaml")}: cannot be read (ENOENT)\n`,
  });
  const file = aConfig(folder, "enconders: []\n");
  const { status, stderr } = run("--config", file, "--check");
  expect(status).toBe(2);
  expect(stderr).toContain(`${file}:7:1 enconders: `);
  expect(stderr).toContain("encoders");
});

test("--check says that all is well, and what follows from it, and leaves nothing behind", () => {
  const folder = aFolder();
  const file = aConfig(folder);
  const key = join(folder, "key");
  writeFileSync(key, "k\n", { mode: 0o600 });
  const empty = "encoders: []\ndestinations: []\nstreams: []\n";
  const text = `encoders: [{ id: a, driver: auto, input: { kind: testPattern } }]
destinations: [{ id: far, address: rtmp://far/live, streamKey: "file:${key}" }]
streams: [{ id: main, destination: far, encoders: [a] }]\n`;
  writeFileSync(file, readFileSync(file, "utf8").replace(empty, text));
  const { status, stdout, stderr } = run("--config", file, "--check");
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toContain(`${file} is fine\n`);
  expect(stdout).toContain("a encodes main by GStreamer, where that works: live pictures straight");
  expect(() => readFileSync(join(folder, "state", "site.db"))).toThrow("ENOENT");
});

test("a second daemon on one state directory ends with 4 and names the first", () => {
  const folder = aFolder();
  const file = aConfig(folder);
  mkdirSync(join(folder, "state"));
  const lock = lockState(join(folder, "state"));
  cleanups.push(() => lock.release());
  const { status, stdout } = run("--config", file);
  expect(status).toBe(4);
  const line = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as object;
  expect(line).toMatchObject({ code: "state_locked", level: 60 });
  expect(stdout).toContain(`pid ${process.pid}`);
});

test("a journal that cannot be opened ends with 1 and why", () => {
  const folder = aFolder();
  const file = aConfig(folder);
  mkdirSync(join(folder, "state", "site.db"), { recursive: true });
  const { status, stdout } = run("--config", file);
  expect(status).toBe(1);
  expect(stdout).toContain('"code":"journal_unusable"');
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s ends it with 0 when it has stopped",
  async (signal) => {
    const file = aConfig(aFolder());
    const child = spawn(process.execPath, [fileURLToPath(program.url), "--config", file]);
    cleanups.push(() => void child.kill("SIGKILL"));
    let out = "";
    child.stdout.on("data", (text: Buffer) => (out += text.toString()));
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    await until("it is ready", () => out.includes('"code":"ready"'));
    child.kill(signal);
    expect(await ended).toBe(0);
    expect(out).toContain('"code":"stopping"');
    // A pipe is no journal: lines are plain JSON.
    expect(() =>
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).not.toThrow();
  },
);
