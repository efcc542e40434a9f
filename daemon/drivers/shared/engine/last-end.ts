import type { OutputReading } from "../../../../machines/encoder/reading.ts";
import type { EngineDirectory, EngineExit, EngineRecord } from "./engine-directory.ts";

type ToldExit = NonNullable<OutputReading["exit"]>;

/** How the last run of an engine ended, and what its program said. */
export class LastEnd {
  readonly #directory: EngineDirectory;
  /** Until somebody was told. */
  #untold: { exit: ToldExit; record: EngineRecord } | undefined;
  /** It ended by itself. */
  #failed = false;
  #lines: readonly string[] = [];

  constructor(directory: EngineDirectory) {
    this.#directory = directory;
  }

  is(exit: EngineExit, record: EngineRecord, failed: boolean): void {
    this.#untold = { exit, record };
    this.#failed = failed;
  }

  /** Nothing of the run that ended so is left: told with its exit. */
  seenGone(exit: EngineExit, atMs: number): void {
    const untold = this.#untold;
    if (untold?.exit !== exit) return;
    const gone = { destination: untold.record.destination, atMs };
    this.#untold = { ...untold, exit: { ...exit, gone } };
  }

  forget(): void {
    this.#untold = undefined;
    this.#failed = false;
    this.#lines = [];
  }

  /** The last words come some milliseconds after the exit. Says whether they have come now. */
  lookAtWords(): boolean {
    if (!this.#failed || this.#lines.length > 0) return false;
    this.#lines = this.#directory.words();
    return this.#lines.length > 0;
  }

  /** What it said on stderr, one line each. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** An exit is told once. */
  tell(highest: EngineRecord["highest"]): { exit?: ToldExit } {
    if (!this.#untold) return {};
    const { exit, record } = this.#untold;
    this.#untold = undefined;
    // A full disk must not hide the exit; then a restart tells it once more.
    this.#directory.write({ ...record, highest, endSeen: true }).catch(() => undefined);
    return { exit };
  }
}
