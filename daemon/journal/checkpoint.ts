import type Database from "better-sqlite3";
import { isDamage, isFull } from "./database.ts";
import { messageOf } from "./opening.ts";
import type { FromWriter } from "./writer-protocol.ts";

/**
 * Moves the log into the database, as far as readers let it. Trouble is told, and its end. The
 * rows are safe in the log meanwhile, and the next checkpoint tries again.
 */
export function logMover(post: (message: FromWriter) => void): (db: Database.Database) => void {
  let troubled = false;
  return (db) => {
    try {
      db.pragma("wal_checkpoint(passive)");
      if (troubled) post({ kind: "trouble", why: undefined, message: "" });
      troubled = false;
    } catch (error) {
      const why = isFull(error) ? "full" : isDamage(error) ? "damaged" : "failed";
      post({ kind: "trouble", why, message: messageOf(error) });
      troubled = true;
    }
  };
}
