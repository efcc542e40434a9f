import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Stamp } from "../../machines/time.ts";
import { JournalError } from "./journal-error.ts";
import type { FromWriter, Keep, WriterData } from "./writer-protocol.ts";

export type JournalOptions = {
  /** The SQLite file. `-wal`, `-shm`, `.mark` and `.reserve` appear beside it. */
  file: string;
  /** The bundled writer thread, `dist/journal-writer.cjs`. */
  writerUrl: URL;
  /** One that was started ahead and waits; it is told what to write. */
  writer?: Worker | undefined;
  now: () => Stamp;
  /** Id of the site actor. */
  site?: string;
  /** How long a turn waits for the disk, ms. */
  commitWithinMs?: number;
  reserveBytes?: number;
  /** Inputs kept in memory while the disk does not take them. Events are always kept. */
  maxInputsInMemory?: number;
  keep?: Partial<Keep>;
  /** A sentence for the log, for example that a damaged file was moved aside. */
  warn?: (message: string) => void;
};

const dayMs = 86_400_000;
const MiB = 1024 * 1024;
const defaultKeep: Keep = {
  inputsMs: 7 * dayMs,
  inputsMaxBytes: 1024 * MiB,
  eventsMs: 30 * dayMs,
  eventsMaxBytes: 256 * MiB,
  chunkRows: 200,
};

/** A writer that waits to be told what to write: the first message is its `WriterData`. */
export function newWriter(url: URL): Worker {
  return new Worker(url, { name: "journal" });
}

/** What a writer is told when it starts; one that takes its place is told the same. */
export function writerDataOf(
  options: JournalOptions,
  run: Pick<WriterData, "session" | "shared" | "wallMs">,
): WriterData {
  return {
    ...run,
    file: options.file,
    site: options.site ?? "site",
    reserveBytes: options.reserveBytes ?? 16 * MiB,
    inputFlushMs: 250,
    keep: { ...defaultKeep, ...options.keep },
  };
}

/**
 * The first writer of a run, and what it found on disk. Rejects with `JournalError` when the file
 * cannot be opened.
 */
export async function startWriter(
  options: JournalOptions,
  data: WriterData,
): Promise<{ worker: Worker; opening: Extract<FromWriter, { kind: "open" }> }> {
  const worker = options.writer ?? newWriter(options.writerUrl);
  worker.postMessage(data);
  let [message] = (await once(worker, "message")) as [FromWriter];
  while (message.kind === "warning") {
    options.warn?.(message.message);
    [message] = (await once(worker, "message")) as [FromWriter];
  }
  if (message.kind === "open") return { worker, opening: message };
  await worker.terminate();
  const [code, why] =
    message.kind === "notOpen" ? [message.code, message.message] : ["", message.kind];
  throw new JournalError(
    code === "journal_newer" ? code : "journal_unusable",
    `${options.file}: ${why}`,
  );
}
