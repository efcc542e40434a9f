import { execFile } from "node:child_process";
import {
  chownSync,
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import Database from "better-sqlite3";
import { newestSchema } from "../store/sqlite.ts";
import { BackupError, filesBelow, hashOf, inside, Manifest, restoredFile } from "./manifest.ts";

export type OpenBackup = { folder: string; manifest: Manifest; close: () => void };

/** Unpacks it into a folder of its own below `near`, and looks at every byte. @throws BackupError */
export async function openBackup(file: string, near: string): Promise<OpenBackup> {
  if (!existsSync(file)) throw new BackupError(`there is no ${file}`);
  const folder = mkdtempSync(join(near, ".restore-"));
  const close = () => rmSync(folder, { recursive: true, force: true });
  try {
    const own = ["--no-same-owner", "--no-same-permissions"];
    // GNU tar leaves nothing outside of the folder, whatever the names in the archive are.
    await promisify(execFile)("tar", [
      ...["--extract", "--file", file, "--directory", folder, ...own],
    ]).catch((cause: unknown) => {
      throw new BackupError(`${file} is no backup, or only a part of one`, { cause });
    });
    const manifest = manifestIn(folder, file);
    await allAsSaid(folder, manifest, file);
    if (manifest.schema > newestSchema) {
      throw new BackupError(`${file} was made by a newer hub (${manifest.version})`);
    }
    wholeDatabase(join(folder, inside.database), file);
    return { folder, manifest, close };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Puts it in the place of a state folder. What was there is kept beside it.
 * @returns where that is now, and what became of hub.yaml: one that is there is left as it is
 */
export function putBack(
  { folder, manifest }: OpenBackup,
  { stateDir, config, nowMs }: { stateDir: string; config?: string | undefined; nowMs: number },
): { before: string | undefined; config: "written" | "leftAlone" | "none" } {
  const next = join(folder, inside.state);
  mkdirSync(next, { recursive: true });
  renameSync(join(folder, inside.database), join(next, inside.database));
  const told = { madeAtMs: manifest.madeAtMs, restoredAtMs: nowMs };
  writeFileSync(join(next, restoredFile), JSON.stringify(told));
  const was = existsSync(stateDir) ? lstatSync(stateDir) : undefined;
  closeUp(next, was);
  const before = outOfTheWay(stateDir, nowMs);
  renameSync(next, stateDir);
  return { before, config: putConfig(join(folder, inside.config), config) };
}

/** Whether a hub has this database open. */
export function isInUse(database: string): boolean {
  if (!existsSync(database)) return false;
  const db = new Database(database, { timeout: 0 });
  try {
    db.pragma("locking_mode = EXCLUSIVE");
    db.exec("BEGIN EXCLUSIVE; ROLLBACK");
    return false;
  } catch (error) {
    if (String((error as { code?: unknown }).code).startsWith("SQLITE_BUSY")) return true;
    throw error;
  } finally {
    db.close();
  }
}

function manifestIn(folder: string, file: string): Manifest {
  try {
    return Manifest.parse(JSON.parse(readFileSync(join(folder, inside.manifest), "utf8")));
  } catch (cause) {
    throw new BackupError(`${file} is no backup of a hub`, { cause });
  }
}

async function allAsSaid(folder: string, { files }: Manifest, file: string): Promise<void> {
  const found = filesBelow(folder).filter((path) => path !== inside.manifest);
  const strange = found.find((path) => !files.some((one) => one.path === path));
  if (strange !== undefined) throw new BackupError(`${file}: ${strange} does not belong to it`);
  for (const { path, sha256 } of files) {
    const isSame = found.includes(path) && (await hashOf(join(folder, path))) === sha256;
    if (!isSame) throw new BackupError(`${file}: ${path} is missing, or not as it was written`);
  }
}

function wholeDatabase(database: string, file: string): void {
  const db = new Database(database, { readonly: true });
  try {
    const found = String(db.pragma("integrity_check(1)", { simple: true }));
    if (found !== "ok") throw new BackupError(`${file}: its database is damaged: ${found}`);
  } finally {
    db.close();
  }
}

/** For its owner only; and that is whoever had the folder before, where root restores it. */
function closeUp(folder: string, was: { uid: number; gid: number } | undefined): void {
  const isRoot = process.getuid?.() === 0;
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" });
  for (const path of ["", ...all].map((name) => join(folder, name))) {
    chmodSync(path, lstatSync(path).isDirectory() ? 0o700 : 0o600);
    if (isRoot && was) chownSync(path, was.uid, was.gid);
  }
}

function outOfTheWay(stateDir: string, nowMs: number): string | undefined {
  if (!existsSync(stateDir)) return undefined;
  if (readdirSync(stateDir).length === 0) return void rmdirSync(stateDir);
  const before = `${stateDir}.before-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, "-")}`;
  renameSync(stateDir, before);
  return before;
}

function putConfig(from: string, to: string | undefined): "written" | "leftAlone" | "none" {
  if (to === undefined || !existsSync(from)) return "none";
  if (existsSync(to)) return "leftAlone";
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  return "written";
}
