import { statSync } from "node:fs";
import { Slate } from "./slate.ts";

/** The slate as it lies there now: it may be made after the relay has begun, or made anew. */
export class SlateFile {
  readonly #path: string;
  #seen: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined where it is as it was when last asked, or cannot be shown: the one before goes on. */
  news(): Slate | undefined {
    const file = statSync(this.#path, { throwIfNoEntry: false });
    const seen = file && `${file.ino} ${file.mtimeMs} ${file.size}`;
    if (seen === undefined || seen === this.#seen) return undefined;
    this.#seen = seen;
    try {
      return new Slate(this.#path);
    } catch (error) {
      process.stderr.write(`understudy-relay: no slate: ${(error as Error).message}\n`);
      return undefined;
    }
  }
}
