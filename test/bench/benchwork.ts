import { join } from "node:path";
import { now } from "../../daemon/clock.ts";
import { openJournal } from "../../daemon/journal/open-journal.ts";

/** What the parts of the journal bench share. */
export type Benchwork = {
  /** The bundled writer thread. */
  writer: URL;
  /** Makes an empty folder on the disk that is measured. */
  folder: (name: string) => string;
};

/** A journal as the daemon opens it. */
export function openAt(folder: string, work: Benchwork, warn: (line: string) => void) {
  return openJournal({ file: join(folder, "site.db"), writerUrl: work.writer, now, warn });
}
