import type Database from "better-sqlite3";
import { beginEpoch, isDamage, moveAside, openFile, readFound, type Found } from "./database.ts";
import { JournalError } from "./journal-error.ts";

export type Opened = {
  db: Database.Database;
  found: Found;
  /** Why nothing that was remembered about ownership can be relied on; undefined if it can. */
  fresh: string | undefined;
};

/**
 * Opens what an earlier run left, or begins anew: with a new file, beside a damaged one, or in a
 * database that is older than `mark` says it should be. Throws `JournalError` or the disk's error.
 */
export function openWhatIsThere(
  file: string,
  wallMs: number,
  mark: { epoch: string; seq: number } | undefined,
  warn: (message: string) => void,
): Opened {
  const fresh: string[] = [];
  const opened = tryOpen(file, wallMs, warn, fresh);
  const { db } = opened;
  let { found } = opened;
  if (found === undefined) {
    if (fresh.length === 0) fresh.push("the database was just made");
    found = beginEpoch(db, fresh[0] ?? "", wallMs);
  } else if (mark?.epoch === found.epoch && mark.seq > found.lastSeq) {
    const reason =
      `the database ends at event ${found.lastSeq}, but ${mark.seq} had been written: ` +
      "an older copy, or one without its log, was put in place";
    warn(reason);
    fresh.push(reason);
    // What was begun under a count of events that has been cut off is not ours to finish.
    db.prepare("delete from intent").run();
    found = beginEpoch(db, reason, wallMs);
  }
  return { db, found, fresh: fresh[0] };
}

function tryOpen(
  file: string,
  wallMs: number,
  warn: (message: string) => void,
  fresh: string[],
): { db: Database.Database; found: Found | undefined } {
  let db: Database.Database | undefined;
  try {
    db = openFile(file);
    return { db, found: readFound(db) };
  } catch (error) {
    db?.close();
    if (!isDamage(error)) throw error;
    const aside = moveAside(file, wallMs);
    const reason = `the journal was damaged (${messageOf(error)}) and was moved to ${aside}`;
    warn(reason);
    fresh.push(reason);
    return { db: openFile(file), found: undefined };
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code that a refused start is reported with. */
export function codeOf(error: unknown): JournalError["code"] {
  return error instanceof JournalError ? error.code : "journal_unusable";
}
