import type { OutputReading } from "../../../../machines/encoder/reading.ts";
import type { EngineDirectory, EngineExit, EngineRecord } from "./engine-directory.ts";
import type { Program } from "./program.ts";

type ToldExit = NonNullable<OutputReading["exit"]>;
type Told = Pick<OutputReading, "exit" | "refusal">;

/**
 * What follows an exit may be a takeover, whose own write waits for the same disk: that it was told
 * is written down after it, ms.
 */
const writtenAfterMs = 250;

/** How the last run of an engine ended, and what its program said. */
export class LastEnd {
  readonly #directory: EngineDirectory;
  /** Until somebody was told. */
  #untold: { exit: ToldExit; record: EngineRecord } | undefined;
  /** It ended by itself. */
  #failed = false;
  /** It is told with what it said of that. */
  #awaitsWords = false;
  #lines: readonly string[] = [];
  /** It was told, which is not written down yet. */
  #unsaved: { record: EngineRecord; timer: NodeJS.Timeout } | undefined;
  /** The record of another run is written in place of its own. */
  #isReplaced = false;

  constructor(directory: EngineDirectory) {
    this.#directory = directory;
  }

  /** @param awaitsWords it never published, and its words may say why */
  is(exit: EngineExit, record: EngineRecord, failed: boolean, awaitsWords = false): void {
    this.#untold = { exit, record };
    this.#failed = failed;
    this.#awaitsWords = failed && awaitsWords;
    this.#isReplaced = false;
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

  /** All that was said by the run that ended so has come, or does not come any more. */
  wordsAreOver(record: EngineRecord): void {
    if (this.#untold?.record !== record) return;
    this.lookAtWords();
    this.#awaitsWords = false;
  }

  /** What it said on stderr, one line each. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** An exit is told once. */
  tell(highest: EngineRecord["highest"], refusalIn: Program["refusalIn"]): Told {
    if (!this.#untold || this.#awaitsWords) return {};
    const { exit, record } = this.#untold;
    const refusal = this.#failed ? refusalIn(this.#lines, record.address) : undefined;
    const told: Told = { exit, ...(refusal && { refusal }) };
    this.#untold = undefined;
    if (this.#isReplaced) return told;
    const timer = setTimeout(() => this.save(), writtenAfterMs);
    this.#unsaved = { record: { ...record, highest, endSeen: true }, timer };
    return told;
  }

  /** From now on its record must not be written over the one of the run that begins. */
  replace(): void {
    this.#isReplaced = true;
    clearTimeout(this.#unsaved?.timer);
    this.#unsaved = undefined;
  }

  save(): void {
    const { record, timer } = this.#unsaved ?? {};
    clearTimeout(timer);
    this.#unsaved = undefined;
    // A full disk must not hide the exit; then a restart tells it once more.
    if (record) this.#directory.write(record).catch(() => undefined);
  }
}
