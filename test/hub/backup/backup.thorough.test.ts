import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { openAudit } from "../../../hub/audit/audit.ts";
import { tellRestored } from "../../../hub/backup/tell-restored.ts";
import { openSqliteStore } from "../../../hub/store/sqlite.ts";
import type { Store } from "../../../hub/store/store.ts";
import { shell } from "../cli/a-shell.ts";

let folder: string;
let stateDir: string;
let file: string;
let store: Store;
const rows = async () => (await store.audit({ limit: 100 })).items.map(({ type }) => type);
const add = (type: string) => store.addAudit(1, type, "key:k", "{}");

/** A hub's folder, with the hub's database open as while it runs. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "understudy-backup-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  stateDir = join(folder, "understudy-hub");
  file = join(folder, "hub.tar");
  mkdirSync(join(stateDir, "audit-archive"), { recursive: true });
  writeFileSync(join(stateDir, "token-key.pem"), "a key\n", { mode: 0o600 });
  writeFileSync(join(stateDir, "audit-archive", "audit-000000000001.jsonl"), "{}\n");
  writeFileSync(join(folder, "hub.yaml"), "id: centre\n");
  store = openSqliteStore(join(stateDir, "hub.db"));
  onTestFinished(() => store.close());
  await add("before");
});

const config = () => ["--config", join(folder, "hub.yaml")];
const run = async (...args: string[]) =>
  shell(["backup", ...args, "--state-dir", stateDir, ...config()]);
const make = () => run("make", file);
const check = async () => shell(["backup", "check", file]);

test("made while the hub runs, it brings back database, keys, old audit files and configuration", async () => {
  expect(await make()).toMatchObject({ code: 0 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await add("after");
  await store.close();
  rmSync(join(folder, "hub.yaml"));
  const { code, err } = await run("restore", file, "--yes");
  expect([code, err]).toEqual([0, expect.stringContaining("What was there is in ")]);
  store = openSqliteStore(join(stateDir, "hub.db"));
  expect(await rows()).toEqual(["before"]);
  expect(readFileSync(join(stateDir, "token-key.pem"), "utf8")).toBe("a key\n");
  expect(readdirSync(join(stateDir, "audit-archive"))).toHaveLength(1);
  expect(readFileSync(join(folder, "hub.yaml"), "utf8")).toBe("id: centre\n");
  const [before = ""] = readdirSync(folder).filter((name) => name.includes(".before-"));
  expect(existsSync(join(folder, before, "hub.db"))).toBe(true);
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});

test("the first start after it writes down that the log has a gap, and the next one does not", async () => {
  await make();
  await store.close();
  await run("restore", file, "--yes");
  store = openSqliteStore(join(stateDir, "hub.db"));
  for (let start = 0; start < 2; start += 1) {
    tellRestored(
      stateDir,
      openAudit(store, { error: () => undefined }, () => 2),
    );
  }
  expect(await rows()).toEqual(["hub.restored", "before"]);
});

test("a power cut that emptied what a restore has left does not keep the hub from starting", async () => {
  writeFileSync(join(stateDir, "restored.json"), "");
  tellRestored(
    stateDir,
    openAudit(store, { error: () => undefined }, () => 2),
  );
  expect(await rows()).toEqual(["hub.restored", "before"]);
  expect(existsSync(join(stateDir, "restored.json"))).toBe(false);
});

test("what a backup that was killed has left is gone with one that is made an hour later, and nothing else", async () => {
  for (const name of [".understudy-backup-old", ".understudy-backup-now", ".backup-of-others"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "token-key.pem"), "a key\n");
    if (name.endsWith("now")) continue;
    const longAgo = Date.now() / 1_000 - 4_000;
    utimesSync(join(folder, name), longAgo, longAgo);
  }
  expect(await make()).toMatchObject({ code: 0 });
  const left = readdirSync(folder).filter((name) => name.startsWith("."));
  expect(left.toSorted()).toEqual([".backup-of-others", ".understudy-backup-now"]);
});

test("while a hub runs nothing is put back, and nobody is asked twice", async () => {
  await make();
  const busy = await run("restore", file, "--yes");
  expect([busy.code, busy.err]).toEqual([5, expect.stringContaining("stop it first")]);
  await store.close();
  const unsaid = await run("restore", file);
  expect([unsaid.code, unsaid.err]).toEqual([2, expect.stringContaining("--yes")]);
  store = openSqliteStore(join(stateDir, "hub.db"));
  expect(await rows()).toEqual(["before"]);
});

test("a configuration that is there is left as it is", async () => {
  await make();
  await store.close();
  writeFileSync(join(folder, "hub.yaml"), "id: another\n");
  const { err } = await run("restore", file, "--yes");
  expect(err).toContain("hub.yaml was left as it is");
  expect(readFileSync(join(folder, "hub.yaml"), "utf8")).toBe("id: another\n");
});

/** Each is refused, with the reason, and what is there stays. */
const spoilt: [what: string, spoil: () => void, why: string][] = [
  ["it is cut off", () => truncateSync(file, statSync(file).size / 2), "is no backup"],
  ["it is another file", () => writeFileSync(file, "not a tar\n"), "is no backup"],
  ["it is not there", () => rmSync(file), "there is no"],
  [
    "a file in it is changed",
    () => repacked((inside) => appendFileSync(join(inside, "state/token-key.pem"), "x")),
    "state/token-key.pem is missing, or not as it was written",
  ],
  [
    "a file in it is missing",
    () => repacked((inside) => rmSync(join(inside, "hub.yaml"))),
    "hub.yaml is missing",
  ],
  [
    "somebody put a file into it",
    () => repacked((inside) => writeFileSync(join(inside, "state/extra"), "x")),
    "state/extra does not belong to it",
  ],
  [
    "it has no manifest",
    () => repacked((inside) => rmSync(join(inside, "manifest.json"))),
    "is no backup of a hub",
  ],
  [
    "a newer hub made it",
    () =>
      repacked((inside) => {
        const manifest = join(inside, "manifest.json");
        writeFileSync(
          manifest,
          readFileSync(manifest, "utf8").replace(/"schema": \d+/, '"schema": 999'),
        );
      }),
    "by a newer hub",
  ],
];
function repacked(change: (inside: string) => void): void {
  const inside = join(folder, "inside");
  mkdirSync(inside);
  execFileSync("tar", ["-xf", file, "-C", inside]);
  change(inside);
  execFileSync("tar", ["-cf", file, "-C", inside, "."]);
  rmSync(inside, { recursive: true });
}
test.for(spoilt)("%s: it is refused, and what is there stays", async ([, spoil, why]) => {
  await make();
  spoil();
  expect(await check()).toMatchObject({ code: 1, err: expect.stringContaining(why) as string });
  await store.close();
  expect((await run("restore", file, "--yes")).code).toBe(1);
  store = openSqliteStore(join(stateDir, "hub.db"));
  expect(await rows()).toEqual(["before"]);
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});

test("made into a folder, the newest stay, and other files are left alone", async () => {
  const all = join(folder, "backups");
  mkdirSync(all);
  const names = ["understudy-hub-20250101T000000Z.tar", "understudy-hub-20250102T000000Z.tar"];
  for (const name of [...names, "holiday.tar"]) writeFileSync(join(all, name), "");
  expect(await run("make", all, "--keep", "2")).toMatchObject({ code: 0 });
  const left = readdirSync(all).toSorted();
  expect(left).toEqual(["holiday.tar", names[1], expect.stringMatching(/^understudy-hub-2/)]);
});

test("where nothing can be written it says so in one line, and leaves nothing behind", async () => {
  const { code, err } = await run("make", join(folder, "missing", "hub.tar"));
  expect([code, err]).toEqual([1, expect.stringMatching(/^understudy: ENOENT.*missing.*\n$/)]);
  expect(readdirSync(folder).toSorted()).toEqual(["hub.yaml", "understudy-hub"]);
});
