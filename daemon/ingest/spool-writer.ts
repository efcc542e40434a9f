import { closeSync, mkdirSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { spoolFiles, spoolFileS } from "../../machines/stream/spool.ts";

/** Hands a transport stream to the relay as its encoders on this host do. */
export class SpoolWriter {
  readonly #paths: string[];
  #index: number;
  #fd: number | undefined;
  #sinceMs = -Infinity;

  /** @param folder is made where it is missing */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#paths = spoolFiles.map((name) => join(folder, name));
    // Whoever wrote before us may not have been read to the end: its last file stays.
    const writtenMs = this.#paths.map(
      (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
    );
    this.#index = writtenMs.indexOf(Math.max(...writtenMs));
  }

  /** @param bytes whole packets */
  write(bytes: Buffer): void {
    const nowMs = performance.now();
    if (this.#fd === undefined || nowMs - this.#sinceMs >= spoolFileS * 1_000) {
      this.close();
      this.#index = (this.#index + 1) % this.#paths.length;
      this.#fd = openSync(this.#paths[this.#index]!, "w", 0o600);
      this.#sinceMs = nowMs;
    }
    for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
