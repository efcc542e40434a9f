/**
 * The one file that must be on disk before an engine may start: a takeover waits for it. So the
 * next version lies open beside it, and what is left to do is a write and a rename.
 */
import { open, rename, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { keepSpareRoom } from "./spare-room.ts";

export class RecordFile {
  readonly #folder: string;
  readonly #path: string;
  #next: Promise<FileHandle> | undefined;
  /** Writes one after the other, in the order asked for. */
  #written: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, "record.json");
  }

  /** Makes the next write a quick one. */
  prepare(): void {
    this.#next ??= open(`${this.#path}.new`, "w", 0o600);
    // Whoever writes finds out what is wrong.
    this.#next.catch(() => undefined);
  }

  /**
   * Readable when it resolves: a daemon that dies right after the spawn leaves no stranger. Safe
   * from a power cut a little later; that would end the process as well, and the key generations
   * stand in the journal.
   */
  write(text: string): Promise<void> {
    const writing = this.#written.then(() => this.#replace(text));
    this.#written = writing.then((file) => this.#sync(file)).catch(() => undefined);
    return writing.then(() => undefined);
  }

  /** All that was asked to be written is written, or failed. */
  async close(): Promise<void> {
    await this.#written;
    await this.#forget();
  }

  async #replace(text: string): Promise<FileHandle> {
    const room = keepSpareRoom(this.#folder);
    const file = await this.#put(text).catch(async (error: unknown) => {
      // One that could not be opened ahead, for want of room or of descriptors, may be now.
      await this.#forget();
      if ((error as NodeJS.ErrnoException).code === "ENOSPC") await room;
      return this.#put(text);
    });
    // What the launcher writes next needs it too.
    await room;
    return file;
  }

  async #put(text: string): Promise<FileHandle> {
    this.prepare();
    const file = await this.#next!;
    await file.writeFile(text);
    await rename(`${this.#path}.new`, this.#path);
    this.#next = undefined;
    return file;
  }

  async #sync(file: FileHandle): Promise<void> {
    await file.sync().finally(() => file.close());
    const folder = await open(this.#folder, "r");
    await folder.sync().finally(() => folder.close());
    this.prepare();
  }

  async #forget(): Promise<void> {
    const next = await this.#next?.catch(() => undefined);
    this.#next = undefined;
    await next?.close();
  }
}
