import type Database from "better-sqlite3";
import { readFound, type Found } from "./database.ts";
import { truncationNote } from "./retention.ts";
import { openTables } from "./tables.ts";
import type { CarryOver, WriterData } from "./writer-protocol.ts";

/**
 * Fills an empty database with what the decider still knows, after the file was damaged in use.
 * The count goes on under the same epoch, because no number of it will be used twice; a note
 * stands in the place of the events that are gone.
 *
 * @param cursors what each hub has acknowledged of this epoch
 */
export function rebuild(
  db: Database.Database,
  carryOver: CarryOver,
  cursors: ReadonlyMap<string, number>,
  { site, session }: Pick<WriterData, "site" | "session">,
): Found {
  const { epoch, wallMs, resume, intents, seq, topics } = carryOver;
  db.exec("begin immediate");
  db.prepare("insert into epoch (epoch, reason, at_ms) values (?, ?, ?)").run(
    epoch,
    "rebuilt from memory after damage",
    wallMs,
  );
  const made = readFound(db);
  if (!made) throw new Error("a row just written is not there");
  const fill = openTables(db, made, session, wallMs);
  const body = truncationNote(site, Math.min(1, seq), seq, wallMs);
  const events = seq > 0 ? [{ seq, atMs: wallMs, body }] : [];
  const turn = { events, resume, intents, settled: [], undurable: false };
  fill.write({ kind: "turn", row: 0, attempt: 0, epoch, ...turn });
  for (const topic of topics) fill.setTopic(topic, true);
  for (const [hub, acknowledged] of cursors) fill.setCursor(hub, epoch, acknowledged);
  db.exec("commit");
  return { ...made, lastSeq: seq };
}
