import type { OutputReading } from "../../../../machines/encoder/reading.ts";
import type { PublishTarget } from "../../driver.ts";
import type { EngineProcess, EngineRecord } from "./engine-directory.ts";
import type { LifeLine } from "./life-line.ts";
import type { Program } from "./program.ts";
import type { ProgressPort } from "./progress-port.ts";
import { ProgressWatch, type ProgressBlock, type ProgressTimes } from "./progress.ts";

/** One start, from the record to the end of its process. */
export class Run {
  readonly record: EngineRecord;
  readonly #watch: ProgressWatch;
  readonly #everyMs: number;
  readonly #read: (datagram: Buffer) => ProgressBlock | undefined;
  /** It was found running, so it is past its start. */
  readonly #adopted: boolean;
  /** Missing when it could not be bound again: then nothing is known of the progress. */
  port: ProgressPort | undefined;
  process: EngineProcess | undefined;
  /** Missing where its launcher does not hold one. */
  line: LifeLine | undefined;
  progress: "moving" | "frozen" | undefined;
  stopping = false;
  /** Ended only to be started anew: its end is no news. */
  remade = false;

  constructor(
    record: EngineRecord,
    { progress }: Program,
    times: Omit<ProgressTimes, "everyMs">,
    nowMs: number,
    adopted: boolean,
  ) {
    this.record = record;
    this.#everyMs = progress.everyMs;
    this.#read = progress.reader();
    this.#watch = new ProgressWatch({ ...times, everyMs: progress.everyMs }, nowMs);
    this.#adopted = adopted;
  }

  isFor(target: PublishTarget): boolean {
    const { stream, destination, address, keyGeneration } = this.record;
    return (
      stream === target.stream &&
      destination === target.destination &&
      address === target.address &&
      keyGeneration === target.keyGeneration
    );
  }

  hear(datagram: Buffer, nowMs: number): void {
    const block = this.#read(datagram);
    if (block) this.#watch.block(block, nowMs);
  }

  /** @returns whether it is judged otherwise than before */
  judge(nowMs: number, lagged: boolean): boolean {
    const before = this.progress;
    this.progress = this.port && this.#watch.judge(nowMs, lagged);
    return this.progress !== before;
  }

  /** For longer than one block may be late: worth a closer look, nothing more. */
  isSilent(nowMs: number): boolean {
    return this.#watch.silentForMs(nowMs) > 1.5 * this.#everyMs;
  }

  /** Before then it is neither silent nor judged otherwise, unless it is heard. */
  get movesUntilMs(): number {
    return this.#watch.movesUntilMs(1.5 * this.#everyMs);
  }

  /** The last that was heard of it. */
  get block(): ProgressBlock {
    return this.#watch.last;
  }

  /** It is past its start. */
  get hasBegun(): boolean {
    return this.#watch.hasAdvanced || this.#adopted;
  }

  reading(sendQueue: OutputReading["sendQueue"]): OutputReading {
    return {
      state: this.stopping ? "stopping" : this.hasBegun ? "streaming" : "starting",
      ...(this.progress && { progress: this.progress }),
      ...(sendQueue && { sendQueue }),
      target: { destination: this.record.destination },
      keyGeneration: this.record.keyGeneration,
    };
  }
}
