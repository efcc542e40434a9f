/** One output: at most one launcher with its ffmpeg, started, watched, adopted and ended. */
import { createHash, randomUUID } from "node:crypto";
import { readFileSync, watch, type FSWatcher } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { OutputReading } from "../../../machines/encoder/reading.ts";
import type { FenceEvidence } from "../../../machines/stream/fence-evidence.ts";
import { DriverError, type PublishTarget } from "../driver.ts";
import { ffmpegArguments, statsPeriodS, withoutKey } from "./arguments.ts";
import { endProcess, freeLock } from "./ending.ts";
import {
  EngineDirectory,
  type EngineExit,
  type EngineProcess,
  type EngineRecord,
} from "./engine-directory.ts";
import { OffProof } from "./off-proof.ts";
import type { FfmpegOptions } from "./options.ts";
import { runningForMs, statusOf } from "./processes.ts";
import { ProgressPort } from "./progress-port.ts";
import { ProgressWatch, type ProgressBlock } from "./progress.ts";
import { hidingScript } from "./secret.ts";
import { SendQueueWatch } from "./send-queue.ts";
import { smallShell, type Launch } from "./small-shell.ts";
import { engineSweep } from "./sweep.ts";

/** What an engine is given. */
export type EngineSurroundings = {
  encoder: string;
  stateDir: string;
  options: FfmpegOptions;
  launcher: string;
  now: () => number;
  /** Something that an operator would see has changed. */
  changed: () => void;
};

/** One start, from the record to the end of its process. */
type Run = {
  record: EngineRecord;
  watch: ProgressWatch;
  /** Missing when it could not be bound again: then nothing is known of the progress. */
  port: ProgressPort | undefined;
  process: EngineProcess | undefined;
  progress: "moving" | "frozen" | undefined;
  /** It was found running, so it is past its start. */
  adopted: boolean;
  stopping: boolean;
};

const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
/** From the spawn to the pid file it takes some ms; on a starved host much more. */
const launchWithinMs = 10_000;
const pidFileWithinMs = 1_000;
const aliveCheckEveryMs = 1_000;
const lookEveryMs = 20;
const statsPeriodMs = statsPeriodS * 1_000;

export class Engine {
  readonly #around: EngineSurroundings;
  readonly #directory: EngineDirectory;
  readonly #queue = new SendQueueWatch();
  #run: Run | undefined;
  #highest: Record<string, number> = {};
  /** How the last run ended, until somebody was told. */
  #untold: { exit: EngineExit; record: EngineRecord } | undefined;
  /** The last run ended by itself: what it said. */
  #failed = false;
  #words: string[] = [];
  #files: FSWatcher | undefined;
  #checkedAliveAtMs = 0;
  readonly #offProof: OffProof;
  /** Bound ahead, so that a takeover does not wait for it. */
  #sparePort: Promise<ProgressPort> | undefined;

  constructor(output: string, around: EngineSurroundings) {
    this.#around = around;
    this.#directory = new EngineDirectory(around.stateDir, output);
    this.#offProof = new OffProof(this.#directory.lock, around.now);
  }

  /** Adopts the engine that is running, or makes sure that none is, before anything may start. */
  async open(): Promise<void> {
    await this.#directory.keepSpareRoom();
    const record = this.#directory.record();
    this.#highest = record?.highest ?? {};
    this.#files = this.#watchFiles();
    engineSweep.add(this);
    this.#bindSparePort();
    if (await smallShell.lockIsFree(this.#directory.lock, 0)) {
      if (!record || record.endSeen) return;
      const exit = this.#directory.exit(record.run) ?? { code: null, signal: null };
      this.#untold = { exit, record };
      this.#failed = true;
      return;
    }
    const process = record && (await this.#processOf(record));
    if (record && process) return this.#adopt(record, process);
    await freeLock(this.#directory.lock, new AbortController().signal);
    if (record && !record.endSeen) {
      const exit = this.#directory.exit(record.run) ?? { code: null, signal: "SIGKILL" };
      this.#untold = { exit, record };
    }
  }

  /** Without it (the kernel's inotify limits) the sweep sees the same, up to 1 s later. */
  #watchFiles(): FSWatcher | undefined {
    try {
      const files = watch(this.#directory.path, () => this.#lookAtFiles());
      return files.on("error", () => files.close());
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOSPC" || code === "EMFILE") return undefined;
      throw error;
    }
  }

  async #adopt(record: EngineRecord, process: EngineProcess): Promise<void> {
    const { suspectAfterMs, firstFrameGraceMs } = this.#around.options;
    // One that was on air before gives its next sign within a period; a fresh one has its grace.
    const graceMs = Math.max(firstFrameGraceMs - runningForMs(process), 4 * suspectAfterMs);
    const run = this.#newRun(record, graceMs);
    run.process = process;
    run.adopted = true;
    this.#run = run;
    run.port = await ProgressPort.open(record.progressPort).catch(() => undefined);
    if (run.port) run.port.hear = (block) => this.#hear(run, block);
  }

  #bindSparePort(): void {
    this.#sparePort = ProgressPort.open(0);
    // One that could not be had is tried again when it is needed, and then it is told.
    this.#sparePort.catch(() => (this.#sparePort = undefined));
  }

  /** The living process of a record. Its pid file may be some milliseconds away. */
  async #processOf(record: EngineRecord): Promise<EngineProcess | undefined> {
    const until = performance.now() + pidFileWithinMs;
    for (;;) {
      const process = this.#directory.process(record.run);
      if (process) return statusOf(process) && process;
      if (record.bootId !== bootId || performance.now() > until) return undefined;
      await pause(lookEveryMs);
    }
  }

  #newRun(record: EngineRecord, graceMs: number): Run {
    const { suspectAfterMs } = this.#around.options;
    const times = { suspectAfterMs, graceMs, statsPeriodMs };
    this.#queue.forget();
    return {
      record,
      watch: new ProgressWatch(times, this.#around.now()),
      port: undefined,
      process: undefined,
      progress: undefined,
      adopted: false,
      stopping: false,
    };
  }

  async start(target: PublishTarget, signal: AbortSignal): Promise<void> {
    const { stream, destination, keyGeneration } = target;
    const key = `${stream} ${destination}`;
    const highest = this.#highest[key] ?? keyGeneration;
    if (keyGeneration < highest) {
      throw new DriverError(
        "staleKey",
        `the key of ${stream} was given out with generation ${highest}, not ${keyGeneration}`,
      );
    }
    if (this.#run && !this.#run.stopping && isFor(this.#run.record, target)) return;
    // Look at what is asked before anything that runs is stopped for it.
    this.#argv(target, 1);
    if (this.#run && !(await this.#end(this.#run, signal))) {
      throw new DriverError("timeout", "the run before does not end");
    }
    this.#highest = { ...this.#highest, [key]: keyGeneration };
    await this.#launch(target, signal);
  }

  async #launch(target: PublishTarget, signal: AbortSignal): Promise<void> {
    const { stream, destination, address, keyGeneration } = target;
    const { firstFrameGraceMs } = this.#around.options;
    this.#offProof.forget();
    const port = await (this.#sparePort ?? ProgressPort.open(0));
    this.#sparePort = undefined;
    const argv = this.#argv(target, port.port);
    const record: EngineRecord = {
      ...{ run: randomUUID(), bootId, stream, destination, address, keyGeneration },
      progressPort: port.port,
      argvFingerprint: fingerprint(argv, target),
      endSeen: false,
      highest: this.#highest,
    };
    try {
      await this.#directory.write(record);
      signal.throwIfAborted();
    } catch (error) {
      port.close();
      throw error;
    }
    const run = this.#newRun(record, firstFrameGraceMs);
    run.port = port;
    port.hear = (block) => this.#hear(run, block);
    this.#run = run;
    this.#untold = undefined;
    this.#failed = false;
    this.#words = [];
    const launch = smallShell.launch(record.run, this.#command(record.run, argv, target.streamKey));
    this.#around.changed();
    this.#bindSparePort();
    try {
      await this.#isUp(run, launch, signal);
    } finally {
      launch.forget();
    }
  }

  async #isUp(run: Run, launch: Launch, signal: AbortSignal): Promise<void> {
    const until = performance.now() + launchWithinMs;
    // A program that ends at once takes the run with it: that is an exit, not a failed start.
    while (this.#run === run && !run.process) {
      const why = launch.gaveUp() ?? (performance.now() > until ? "nothing came up" : undefined);
      if (why !== undefined) {
        await this.#end(run, signal);
        throw new DriverError("failed", `the launcher did not start ffmpeg: ${why}`);
      }
      await pause(2, undefined, { signal });
      this.#lookAtFiles();
    }
  }

  #command(run: string, argv: string[], streamKey: string): string[] {
    const { launcher, options } = this.#around;
    const folder = this.#directory.path;
    return ["/bin/sh", launcher, folder, run, hidingScript(streamKey), options.program, ...argv];
  }

  #argv(target: PublishTarget, progressPort: number): string[] {
    const { options, encoder } = this.#around;
    return ffmpegArguments(options, { ...target, encoder, progressPort });
  }

  async stop(signal: AbortSignal): Promise<void> {
    if (this.#run && !(await this.#end(this.#run, signal))) {
      throw new DriverError("timeout", "the process does not end");
    }
  }

  async proveOff(address: string, signal: AbortSignal): Promise<FenceEvidence[]> {
    const run = this.#run;
    if (run) {
      const { pid } = run.process ?? {};
      if (pid !== undefined) await this.#queue.look(pid, undefined, this.#around.now(), true);
      await this.#end(run, signal);
    }
    const published = this.#directory.record()?.address ?? address;
    const orphans = { known: this.#queue.connections, addresses: [address, published] };
    return [await this.#offProof.prove(orphans, signal)];
  }

  async #end(run: Run, signal: AbortSignal): Promise<boolean> {
    run.stopping = true;
    this.#around.changed();
    run.process ??= await this.#processOf(run.record);
    const hurry = run.progress === "frozen" || this.#queue.verdict === "stuck";
    const graceMs = this.#around.options.stopGraceMs;
    const free = await endProcess(run.process, this.#directory.lock, { hurry, graceMs }, signal);
    if (!free) return false;
    this.#lookAtFiles();
    // A launcher that was killed with its group could not write anything down.
    if (this.#run === run) this.#ended(run, { code: null, signal: "SIGKILL" });
    return true;
  }

  #hear(run: Run, block: ProgressBlock): void {
    if (this.#run !== run) return;
    run.watch.block(block, this.#around.now());
    if (run.progress !== "moving") this.#judge(run, false);
  }

  /** Called by the one sweep of the process. */
  sweep(lagged: boolean): void {
    const run = this.#run;
    if (!run) return;
    const nowMs = this.#around.now();
    const silent = run.watch.silentForMs(nowMs) > 1.5 * statsPeriodMs;
    if (nowMs - this.#checkedAliveAtMs >= (silent ? 2 * lookEveryMs : aliveCheckEveryMs)) {
      this.#checkedAliveAtMs = nowMs;
      this.#lookAtFiles();
      if (this.#run !== run) return;
      if (run.process && !run.stopping && !statusOf(run.process)) this.#lost(run);
    }
    this.#lookAtQueue(run, nowMs, silent);
    this.#judge(run, lagged);
  }

  #judge(run: Run, lagged: boolean): void {
    const progress = run.port && run.watch.judge(this.#around.now(), lagged);
    if (progress === run.progress) return;
    run.progress = progress;
    this.#around.changed();
  }

  #lookAtQueue(run: Run, nowMs: number, silent: boolean): void {
    if (!run.process || !this.#queue.isDue(nowMs, silent)) return;
    const before = this.#queue.verdict;
    const { bitrateBps } = this.#around.options.video;
    const changed = () => {
      if (this.#run === run && this.#queue.verdict !== before) this.#around.changed();
    };
    // A table that cannot be read leaves the last verdict; the next look is 100 ms away.
    this.#queue.look(run.process.pid, bitrateBps, nowMs, silent).then(changed, changed);
  }

  /** The launcher was killed before its process: the exit is not written, or not yet. */
  #lost(run: Run): void {
    const told = (free: boolean) => {
      this.#lookAtFiles();
      if (free && this.#run === run) this.#ended(run, { code: null, signal: null });
    };
    smallShell.lockIsFree(this.#directory.lock, 500).then(told, () => told(false));
  }

  /** Whatever changed in the directory: the files say what. */
  #lookAtFiles(): void {
    const run = this.#run;
    if (!run) return this.#lookAtWords();
    run.process ??= this.#directory.process(run.record.run);
    const exit = this.#directory.exit(run.record.run);
    if (exit) this.#ended(run, exit);
  }

  /** The last words come some milliseconds after the exit. */
  #lookAtWords(): void {
    if (!this.#failed || this.#words.length > 0) return;
    this.#words = this.#directory.words().slice(-3);
    if (this.#words.length > 0) this.#around.changed();
  }

  #ended(run: Run, exit: EngineExit): void {
    this.#run = undefined;
    run.port?.close();
    this.#untold = { exit, record: run.record };
    this.#failed = !run.stopping;
    const { connections: known } = this.#queue;
    this.#offProof.lookEarly({ known, addresses: [run.record.address] });
    this.#around.changed();
    this.#lookAtWords();
  }

  /** In our words. An exit is in one reading only. */
  reading(): OutputReading {
    const run = this.#run;
    if (!run) return { state: "idle", target: "none", ...this.#tellExit() };
    const { record, watch, progress } = run;
    const started = watch.hasAdvanced || run.adopted;
    const sendQueue = this.#queue.verdict;
    return {
      state: run.stopping ? "stopping" : started ? "streaming" : "starting",
      ...(progress && { progress }),
      ...(sendQueue && { sendQueue }),
      target: { destination: record.destination },
      keyGeneration: record.keyGeneration,
    };
  }

  #tellExit(): { exit?: EngineExit } {
    if (!this.#untold) return {};
    const { exit, record } = this.#untold;
    this.#untold = undefined;
    const told = { ...record, highest: this.#highest, endSeen: true };
    // A full disk must not hide the exit; then a restart tells it once more.
    this.#directory.write(told).catch(() => undefined);
    return { exit };
  }

  /** Sentences for the operator. */
  alarms(): string[] {
    return [
      ...this.#words.map((line) => `ffmpeg ended: ${line}`),
      ...(this.#run && !this.#run.port ? ["progress unknown: its port is taken"] : []),
    ];
  }

  /** The last progress block of the run that is under way. */
  progressBlock(): { run: string; block: ProgressBlock } | undefined {
    return this.#run && { run: this.#run.record.run, block: this.#run.watch.last };
  }

  async close(): Promise<void> {
    engineSweep.delete(this);
    this.#files?.close();
    this.#run?.port?.close();
    this.#run = undefined;
    const spare = this.#sparePort;
    this.#sparePort = undefined;
    (await spare?.catch(() => undefined))?.close();
    await this.#directory.settled();
  }
}

function isFor(record: EngineRecord, target: PublishTarget): boolean {
  return (
    record.stream === target.stream &&
    record.destination === target.destination &&
    record.address === target.address &&
    record.keyGeneration === target.keyGeneration
  );
}

function fingerprint(argv: string[], { streamKey }: PublishTarget): string {
  return createHash("sha256").update(withoutKey(argv, streamKey).join("\0")).digest("hex");
}
