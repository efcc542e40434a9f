import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** So much is written at once, bytes. */
const pieceBytes = 256 * 1024;

/** A file that is there under its name when it is whole, and not before. */
export class SegmentFile {
  readonly #folder: string;
  readonly name: string;
  readonly #part: string;
  #fd: number | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  bytes = 0;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.name = name;
    this.#part = join(folder, `.${name}${partEnding}`);
    this.#fd = openSync(this.#part, "w", 0o640);
  }

  write(piece: Buffer): void {
    this.#waiting.push(piece);
    this.#waitingBytes += piece.length;
    this.bytes += piece.length;
    if (this.#waitingBytes >= pieceBytes) this.flush();
  }

  flush(): void {
    const all = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (let at = 0; at < all.length;) at += writeSync(this.#fd!, all, at);
  }

  commit(): void {
    this.flush();
    this.#close();
    renameSync(this.#part, join(this.#folder, this.name));
  }

  discard(): void {
    this.#close();
    rmSync(this.#part, { force: true });
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

export const partEnding = ".part";

/** Whoever reads it gets it whole: as it was, or as it is. */
export function writeWhole(folder: string, name: string, bytes: Buffer | string): void {
  const file = new SegmentFile(folder, name);
  try {
    file.write(Buffer.from(bytes));
    file.commit();
  } catch (cause) {
    file.discard();
    throw cause;
  }
}
