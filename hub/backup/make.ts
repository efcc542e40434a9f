import { execFile } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import Database from "better-sqlite3";
import {
  BackupError,
  filesBelow,
  hashOf,
  inside,
  type Manifest,
  restoredFile,
} from "./manifest.ts";

export type BackupSource = {
  stateDir: string;
  /** Its hub.yaml. Files with secrets that this names are not of the backup. */
  config?: string;
  version: string;
  nowMs: number;
};

/**
 * Made while the hub runs.
 * @param file is there whole or not at all, and readable for its owner only. @throws BackupError
 */
export async function makeBackup(
  file: string,
  { stateDir, config, version, nowMs }: BackupSource,
): Promise<Manifest> {
  const database = join(stateDir, inside.database);
  if (!existsSync(database)) throw new BackupError(`there is no ${database}`);
  const target = resolve(file);
  removeLeftovers(dirname(target), nowMs);
  const folder = mkdtempSync(join(dirname(target), leftover));
  const archive = `${folder}.tar`;
  try {
    const schema = await copyDatabase(database, join(folder, inside.database));
    for (const path of filesBelow(stateDir).filter(isNoDatabase)) {
      copyTo(join(folder, inside.state, path), join(stateDir, path));
    }
    if (config !== undefined) copyTo(join(folder, inside.config), config);
    const files = await Promise.all(filesBelow(folder).map((path) => described(folder, path)));
    const manifest: Manifest = { format: 1, version, madeAtMs: nowMs, schema, files };
    writeFileSync(join(folder, inside.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
    // Made before tar opens it: a mode that is set afterwards comes too late.
    closeSync(openSync(archive, "wx", 0o600));
    await promisify(execFile)("tar", ["--create", "--file", archive, "--directory", folder, "."]);
    sync(archive);
    renameSync(archive, target);
    sync(dirname(target));
    return manifest;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(archive, { force: true });
  }
}

/** What is being made; with the keys in it, nothing of one that was killed may stay. */
const leftover = ".understudy-backup-";
const longestMs = 3_600_000;

function removeLeftovers(folder: string, nowMs: number): void {
  const old = readdirSync(folder)
    .filter((name) => name.startsWith(leftover))
    .map((name) => join(folder, name))
    .filter((path) => nowMs - lstatSync(path).mtimeMs > longestMs);
  for (const path of old) rmSync(path, { recursive: true, force: true });
}

/** As it is at one moment, while the hub goes on writing. @returns how far it is */
async function copyDatabase(from: string, to: string): Promise<number> {
  const source = new Database(from, { readonly: true, fileMustExist: true });
  try {
    await source.backup(to);
  } finally {
    source.close();
  }
  const copy = new Database(to);
  try {
    // In one file: what is restored has no log beside it.
    copy.pragma("journal_mode = DELETE");
    return Number(copy.pragma("user_version", { simple: true }));
  } finally {
    copy.close();
  }
}

const isNoDatabase = (path: string) => !path.startsWith(inside.database) && path !== restoredFile;

async function described(folder: string, path: string): Promise<Manifest["files"][number]> {
  const file = join(folder, path);
  return { path, bytes: lstatSync(file).size, sha256: await hashOf(file) };
}

function copyTo(to: string, from: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  copyFileSync(from, to);
}

function sync(path: string): void {
  const fd = openSync(path, "r");
  fsyncSync(fd);
  closeSync(fd);
}
