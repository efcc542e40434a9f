/** One output: at most one launcher with its program, started, watched, adopted and ended. */
import type { FSWatcher } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { OutputReading } from "../../../../machines/encoder/reading.ts";
import type { FenceEvidence } from "../../../../machines/stream/fence-evidence.ts";
import { DriverError, type PublishTarget } from "../../driver.ts";
import { endProcess, freeLock } from "./ending.ts";
import {
  EngineDirectory,
  type EngineExit,
  type EngineProcess,
  type EngineRecord,
  madeBy,
} from "./engine-directory.ts";
import {
  argumentsOf,
  commandOf,
  fingerprintOf,
  patienceMs,
  recordOf,
  type EngineSurroundings,
} from "./launch.ts";
import { rehearsalEnd } from "./ingest-input.ts";
import { LastEnd } from "./last-end.ts";
import { LifeLine } from "./life-line.ts";
import { OffProof } from "./off-proof.ts";
import { runningForMs, statusOf } from "./processes.ts";
import { ProgressPort, SparePort } from "./progress-port.ts";
import type { ProgressBlock } from "./progress.ts";
import type { Program } from "./program.ts";
import { Run } from "./run.ts";
import { SendQueueWatch } from "./send-queue.ts";
import { smallShell, type Launch } from "./small-shell.ts";
import { engineSweep } from "./sweep.ts";
import { ProcessUsage, type Usage } from "./usage.ts";

/** From the spawn to the pid file it takes some ms; on a starved host much more. */
const launchWithinMs = 10_000;
/** What is gone sends no progress: as long as there is some, a look is only made to be sure. */
const aliveCheckEveryMs = { starting: 1_000, moving: 10_000 };
const lookEveryMs = 20;
/** The launcher ends once it has kept the last words: some milliseconds after the program. */
const wordsWithinMs = 1_000;

/** Nobody is published to; like most that are. */
const nobody: PublishTarget = {
  ...{ stream: "rehearsal", destination: rehearsalEnd, keyGeneration: 0 },
  ...{ address: "rtmp://127.0.0.1/rehearsal", streamKey: "rehearsal" },
};

export class Engine {
  /** Of what runs, or ran last. */
  record: EngineRecord | undefined;
  readonly #around: EngineSurroundings;
  readonly #directory: EngineDirectory;
  readonly #queue = new SendQueueWatch();
  readonly #sparePort = new SparePort();
  readonly #offProof: OffProof;
  readonly #lastEnd: LastEnd;
  readonly #usage = new ProcessUsage();
  #run: Run | undefined;
  /** It ended at its start, and it is being looked at whether another start is to be made of it. */
  #onceMore: Run | undefined;
  /** That start. */
  #starting: Promise<void> = Promise.resolve();
  /** Where a picture may be made by more than one: who is to blame for the last end is known. */
  #judged: Promise<void> = Promise.resolve();
  #highest: Record<string, number> = {};
  #files: FSWatcher | undefined;
  /** Stops and proofs that were asked for. */
  #timesTakenOff = 0;
  #checkedAliveAtMs = 0;
  /** Until then a sweep would find nothing new. */
  #restsUntilMs = 0;

  constructor(output: string, around: EngineSurroundings) {
    this.#around = around;
    this.#directory = new EngineDirectory(around.stateDir, output);
    this.#offProof = new OffProof(this.#directory.lock, around.now);
    this.#lastEnd = new LastEnd(this.#directory);
  }

  /** Adopts the engine that is running, or makes sure that none is, before anything may start. */
  async open(): Promise<void> {
    await this.#directory.keepSpareRoom();
    const record = (this.record = this.#directory.record());
    this.#highest = record?.highest ?? {};
    // Without it the sweep sees the same, up to 1 s later.
    this.#files = this.#directory.watch(() => this.#lookAtFiles());
    engineSweep.add(this);
    this.#sparePort.bind();
    if (await smallShell.lockIsFree(this.#directory.lock, 0)) {
      if (!record || record.endSeen) return;
      const exit = this.#directory.exit(record.run) ?? { code: null, signal: null };
      this.#lastEnd.is(exit, record, true);
      return this.#lookAtWords();
    }
    const process = record && (await this.#directory.livingProcess(record));
    if (record && process) return this.#adopt(record, process);
    await freeLock(this.#directory.lock, [], new AbortController().signal);
    if (record && !record.endSeen) {
      const exit = this.#directory.exit(record.run) ?? { code: null, signal: "SIGKILL" };
      this.#lastEnd.is(exit, record, false);
    }
  }

  async #adopt(record: EngineRecord, process: EngineProcess): Promise<void> {
    const { suspectAfterMs, firstFrameGraceMs } = this.#around.times;
    // One that was on air before gives its next sign within a period; a fresh one has its grace.
    const graceMs = Math.max(firstFrameGraceMs - runningForMs(process), 4 * suspectAfterMs);
    const run = this.#newRun(record, graceMs, true);
    this.#lives(run, process);
    this.#run = run;
    // Another program's progress cannot be read: what is not understood is unknown, not frozen.
    if (record.program !== this.#programOf(record).name) return;
    const port = await ProgressPort.open(record.progressPort).catch(() => undefined);
    if (port) this.#listen(run, port);
  }

  #newRun(record: EngineRecord, graceMs: number, adopted: boolean): Run {
    const { times, now } = this.#around;
    this.#queue.forget();
    this.#restsUntilMs = 0;
    this.record = record;
    const suspectAfterMs = patienceMs(times.suspectAfterMs, record.makes?.framesPerSecond);
    return new Run(record, this.#programOf(record), { suspectAfterMs, graceMs }, now(), adopted);
  }

  /** What runs, or ran last; before the first run what would. */
  get #program(): Program {
    return this.record ? this.#programOf(this.record) : this.#around.made().program;
  }

  #programOf(record: EngineRecord): Program {
    return this.#around.made(record, madeBy(record)).program;
  }

  #lives(run: Run, process: EngineProcess | undefined): void {
    if (run.process || !process) return;
    run.process = process;
    void this.#around.group.place(process.pid);
    run.line = LifeLine.hold(this.#directory.lifeLine);
  }

  #listen(run: Run, port: ProgressPort): void {
    run.port = port;
    port.hear = (datagram) => {
      if (this.#run !== run) return;
      run.hear(datagram, this.#around.now());
      if (run.progress !== "moving") this.#judge(run, false);
    };
  }

  async start(target: PublishTarget, signal: AbortSignal): Promise<void> {
    const timesTakenOff = this.#timesTakenOff;
    // This one takes the place of a start that was still to be made once more.
    this.#onceMore = undefined;
    await this.#judged;
    await this.#starting;
    const { stream, destination, keyGeneration } = target;
    const key = `${stream} ${destination}`;
    const highest = this.#highest[key] ?? keyGeneration;
    if (keyGeneration < highest) {
      throw new DriverError(
        "staleKey",
        `the key of ${stream} was given out with generation ${highest}, not ${keyGeneration}`,
        { highestGeneration: highest },
      );
    }
    if (this.#run && !this.#run.stopping && this.#run.isFor(target)) return;
    // Look at what is asked before anything that runs is stopped for it.
    argumentsOf(this.#around, target, 1);
    if (this.#run && !(await this.#end(this.#run, signal))) {
      throw new DriverError("timeout", "the run before does not end");
    }
    this.#highest = { ...this.#highest, [key]: keyGeneration };
    await this.#launch(target, timesTakenOff, signal);
  }

  /**
   * What runs is started anew to the same place, with the same key and generation, where its
   * program would be run otherwise by now. Nothing is started that did not run.
   */
  async remake(signal: AbortSignal): Promise<void> {
    const run = this.#run;
    if (!run || run.stopping) return;
    const { argvFingerprint, progressPort, destination } = run.record;
    const { key, place } = this.#placeOf(run.record);
    // What makes its picture is no reason to interrupt it.
    const now = fingerprintOf(this.#around, place, progressPort, madeBy(run.record));
    if (now === argvFingerprint) return;
    if (!key) throw new DriverError("notPossible", `nobody knows the key of ${destination} now`);
    const timesTakenOff = this.#timesTakenOff;
    run.remade = true;
    if (!(await this.#end(run, signal))) {
      run.remade = false;
      throw new DriverError("timeout", "the run before does not end");
    }
    await this.#launch({ ...place, streamKey: key.streamKey }, timesTakenOff, signal);
  }

  /** Where a run publishes to, with the key as far as it is known. */
  #placeOf({ stream, destination, address, keyGeneration, settings }: EngineRecord) {
    const key = this.#around
      .knownTargets()
      .find((at) => at.destination === destination && at.address === address);
    const place = {
      ...{ stream, destination, address, keyGeneration },
      ...(key?.srt && { srt: key.srt }),
      ...(settings && { settings }),
    };
    return { key, place };
  }

  /** All of a start that only has to be worked out. Nothing is kept of it. */
  rehearseStart(): void {
    const record = recordOf(this.#around, nobody, 1, this.#highest);
    commandOf(this.#around, this.#directory.path, record, nobody);
  }

  /** @param timesTakenOff as it was when the start was asked for */
  async #launch(target: PublishTarget, timesTakenOff: number, signal: AbortSignal): Promise<void> {
    this.#offProof.forget();
    this.#lastEnd.replace();
    const port = await this.#sparePort.take();
    const record = recordOf(this.#around, target, port.port, this.#highest);
    try {
      await this.#directory.write(record);
      signal.throwIfAborted();
      // A proof that it is off, taken while the disk was waited for, must stay true.
      if (timesTakenOff !== this.#timesTakenOff) {
        throw new DriverError("notPossible", `${record.stream} was taken off it meanwhile`);
      }
    } catch (error) {
      port.close();
      throw error;
    }
    const command = commandOf(this.#around, this.#directory.path, record, target);
    const run = this.#newRun(record, this.#around.times.firstFrameGraceMs, false);
    this.#listen(run, port);
    this.#run = run;
    this.#lastEnd.forget();
    const launch = smallShell.launch(record.run, command);
    this.#around.changed();
    this.#sparePort.bind();
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
        const { program } = run.record;
        throw new DriverError("failed", `the launcher did not start ${program}: ${why}`);
      }
      await pause(2, undefined, { signal });
      this.#lookAtFiles();
    }
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#timesTakenOff += 1;
    this.#onceMore = undefined;
    if (this.#run && !(await this.#end(this.#run, signal))) {
      throw new DriverError("timeout", "the process does not end");
    }
  }

  async proveOff(address: string, signal: AbortSignal): Promise<FenceEvidence[]> {
    this.#timesTakenOff += 1;
    this.#onceMore = undefined;
    const run = this.#run;
    if (run) {
      const { pid } = run.process ?? {};
      if (pid !== undefined) await this.#queue.look(pid, undefined, this.#around.now(), true);
      await this.#end(run, signal);
    }
    const last = this.#directory.record();
    const process = last && this.#directory.process(last.run);
    const published = last?.address ?? address;
    const orphans = { known: this.#queue.connections, addresses: [address, published] };
    return [await this.#offProof.prove(process ? [process] : [], orphans, signal)];
  }

  async #end(run: Run, signal: AbortSignal): Promise<boolean> {
    run.stopping = true;
    this.#around.changed();
    this.#lives(run, await this.#directory.livingProcess(run.record));
    const hurry = run.progress === "frozen" || this.#queue.verdict === "stuck";
    const graceMs = this.#around.times.stopGraceMs;
    const free = await endProcess(run.process, this.#directory.lock, { hurry, graceMs }, signal);
    if (!free) return false;
    this.#lookAtFiles();
    // A launcher that was killed with its group could not write anything down.
    if (this.#run === run) this.#ended(run, { code: null, signal: "SIGKILL" });
    return true;
  }

  /** Called by the one sweep of the process. */
  sweep(lagged: boolean): void {
    const run = this.#run;
    if (!run) return;
    const nowMs = this.#around.now();
    if (!lagged && nowMs < this.#restsUntilMs) return;
    const silent = run.isSilent(nowMs);
    const aliveMs = aliveCheckEveryMs[run.process ? "moving" : "starting"];
    if (nowMs - this.#checkedAliveAtMs >= (silent ? 2 * lookEveryMs : aliveMs)) {
      this.#checkedAliveAtMs = nowMs;
      this.#lookAtFiles();
      if (this.#run !== run) return;
      if (run.process && !run.stopping && !statusOf(run.process)) this.#lost(run);
    }
    this.#lookAtQueue(run, nowMs, silent);
    this.#judge(run, lagged);
    const isAtRest = run.process && run.progress === "moving" && !silent;
    this.#restsUntilMs = isAtRest ? Math.min(run.movesUntilMs, this.#queue.restsUntilMs(nowMs)) : 0;
  }

  #judge(run: Run, lagged: boolean): void {
    if (run.judge(this.#around.now(), lagged)) this.#around.changed();
  }

  #lookAtQueue(run: Run, nowMs: number, silent: boolean): void {
    if (!run.process || !this.#queue.isDue(nowMs, silent)) return;
    const before = this.#queue.verdict;
    const { bitrateBps } = this.#programOf(run.record);
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
    this.#lives(run, this.#directory.process(run.record.run));
    const exit = this.#directory.exit(run.record.run);
    if (exit) this.#ended(run, exit);
  }

  #lookAtWords(): void {
    if (this.#lastEnd.lookAtWords()) this.#around.changed();
  }

  #ended(run: Run, exit: EngineExit): void {
    this.#run = undefined;
    run.port?.close();
    if (!run.remade) this.#lastEnd.is(exit, run.record, !run.stopping, !run.hasBegun);
    const { connections: known } = this.#queue;
    const orphans = { known, addresses: [run.record.address] };
    const processes = run.process ? [run.process] : [];
    void this.#offProof.lookEarly(run.line, processes, orphans).then((isOff) => {
      run.line?.letGo();
      if (isOff) this.#lastEnd.seenGone(exit, this.#around.now());
      this.#around.changed();
    });
    const { by } = run.record;
    const wasFrozen = run.progress === "frozen" && this.#queue.verdict !== "stuck";
    const isOwn = !run.stopping || wasFrozen;
    if (!run.hasBegun && !run.stopping && by !== undefined) this.#onceMore = run;
    if (run.hasBegun) this.#lookAtWords();
    if (run.hasBegun && (by === undefined || run.remade || !isOwn)) return;
    const timesTakenOff = this.#timesTakenOff;
    const wordsAreOver = () => {
      if (by === undefined || !isOwn || !this.#isBlamed(run, by, exit)) return this.#isOver(run);
      const isWanted = this.#onceMore === run && timesTakenOff === this.#timesTakenOff;
      const { key, place } = this.#placeOf(run.record);
      if (this.#run || !isWanted || !key) return this.#isOver(run);
      const again = { ...place, streamKey: key.streamKey };
      // What cannot be started is told as the end that it is.
      this.#starting = this.#launch(again, timesTakenOff, AbortSignal.timeout(launchWithinMs))
        .catch(() => undefined)
        .then(() => this.#isOver(run));
    };
    const judged = smallShell.lockIsFree(this.#directory.lock, wordsWithinMs);
    const isOver = judged.then(wordsAreOver, wordsAreOver);
    if (by !== undefined) this.#judged = isOver;
  }

  #isBlamed(run: Run, by: string, exit: EngineExit): boolean {
    const lines = this.#directory.words();
    const { refusalIn } = this.#programOf(run.record);
    const wasRefused = refusalIn(lines, run.record.address) !== undefined;
    return this.#around.blames({ by, exit, lines, wasRefused, hadBegun: run.hasBegun });
  }

  /** Its end is told, unless another start has taken its place. */
  #isOver(run: Run): void {
    if (this.#onceMore === run) this.#onceMore = undefined;
    this.#lastEnd.wordsAreOver(run.record);
    this.#around.changed();
  }

  /** In our words. An exit is in one reading only. */
  reading(): OutputReading {
    const run = this.#run ?? this.#onceMore;
    if (run) return run.reading(this.#queue.verdict);
    const { refusalIn } = this.#program;
    return { state: "idle", target: "none", ...this.#lastEnd.tell(this.#highest, refusalIn) };
  }

  /** Sentences for the operator. */
  alarms(): string[] {
    const { name, lastWords } = this.#program;
    const words = lastWords(this.#lastEnd.lines).map((line) => `${name} ended: ${line}`);
    if (!this.#run || this.#run.port) return words;
    const { program } = this.#run.record;
    const why = program === name ? "its port is taken" : `it still runs ${program}, not ${name}`;
    return [...words, `progress unknown: ${why}`];
  }

  /** What was written down of the run that is under way. */
  underWay(): EngineRecord | undefined {
    return this.#run?.record;
  }

  /** What its process takes of this host. */
  usage(): Usage {
    const process = this.#run?.process;
    const group = process && this.#around.group.holds(process.pid);
    return this.#usage.now(process, this.#around.now(), group);
  }

  /** The last that was heard of the run that is under way. */
  progressBlock(): { run: string; block: ProgressBlock } | undefined {
    return this.#run && { run: this.#run.record.run, block: this.#run.block };
  }

  async close(): Promise<void> {
    engineSweep.delete(this);
    this.#files?.close();
    this.#run?.port?.close();
    this.#run?.line?.letGo();
    this.#run = undefined;
    this.#lastEnd.save();
    await this.#sparePort.close();
    await this.#directory.close();
  }
}
