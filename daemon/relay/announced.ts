/**
 * A process that is killed between a write and the note of it must not write the same again. So each
 * write is announced before, and marked on the pipe after it: the kernel sets a pipe's time with
 * each write, and we set it to a mark that no clock shows, which counts our writes.
 */
import { closeSync, futimesSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { OutputState } from "./output-state.ts";

/** Marks are seconds since 1970, and end in 1998. */
const marks = 900_000_000;
const markOf = (writes: number): number => 1 + (writes % marks);
/** Longer than any of them, so that none ends in the rest of one before. */
const fileBytes = 1_024;

export class Announced {
  readonly #fd: number;
  readonly #bytes = Buffer.alloc(fileBytes);

  /** @param path in memory, not on a disk that could be slow */
  constructor(path: string) {
    closeSync(openSync(path, "a", 0o600));
    this.#fd = openSync(path, "r+");
  }

  /** How it will be when what is about to be written has been. */
  tell(next: OutputState): void {
    this.#bytes.fill(" ").write(JSON.stringify(next));
    writeSync(this.#fd, this.#bytes, 0, fileBytes, 0);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

export function mark(pipe: number, { writes }: OutputState): void {
  futimesSync(pipe, markOf(writes), markOf(writes));
}

/** @returns the state that was noted, or that after the one write which was not noted any more */
export function withAnnounced(
  state: OutputState,
  p: { pipe: string; announced: string },
): OutputState {
  try {
    const next = OutputState.parse(JSON.parse(readFileSync(p.announced, "utf8")));
    const shown = Math.floor(statSync(p.pipe).mtimeMs / 1_000);
    const isWritten = shown > marks || shown === markOf(next.writes);
    return next.writes === state.writes + 1 && isWritten ? next : state;
  } catch {
    // Nothing was announced.
    return state;
  }
}
