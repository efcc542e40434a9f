import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { JournalError } from "./journal-error.ts";

export type StateLock = { release(): void };

/**
 * One daemon per state directory. The lock is SQLite's own, on a file that holds nothing else, so
 * the kernel takes it back however the process ends; the pid beside it is only for the message.
 * Throws `JournalError` `state_locked` when another process has it.
 */
export function lockState(folder: string): StateLock {
  const pidFile = join(folder, "daemon.pid");
  const db = new Database(join(folder, "daemon.lock"), { timeout: 0 });
  try {
    db.exec("begin exclusive");
  } catch (cause) {
    db.close();
    if (!(cause instanceof Database.SqliteError) || !cause.code.startsWith("SQLITE_BUSY")) {
      throw cause;
    }
    throw new JournalError(
      "state_locked",
      `${folder} is in use by ${holder(pidFile)}; two daemons would command the same devices`,
      { cause },
    );
  }
  try {
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o644 });
  } catch {
    // A full disk must not keep the daemon from starting; the lock itself needs no room.
    return { release: () => void db.close() };
  }
  return { release: () => void db.close() };
}

function holder(pidFile: string): string {
  try {
    const pid = readFileSync(pidFile, "utf8").trim();
    if (/^\d+$/.test(pid)) return `the daemon with pid ${pid}`;
  } catch {
    return "another daemon (its pid could not be read)";
  }
  return "another daemon (its pid could not be read)";
}
