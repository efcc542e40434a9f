/** A process as the daemon keeps it: begun, adopted, heard and, where not wanted, ended. */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, type FSWatcher } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { launcher } from "../drivers/index.ts";
import { endProcess, freeLock } from "../drivers/shared/engine/ending.ts";
import {
  bootId,
  EngineDirectory,
  type EngineProcess,
} from "../drivers/shared/engine/engine-directory.ts";
import { statusOf } from "../drivers/shared/engine/processes.ts";
import { ProgressPort } from "../drivers/shared/engine/progress-port.ts";
import { RecordFile } from "../drivers/shared/engine/record-file.ts";
import { hidingScript } from "../drivers/shared/engine/secret.ts";
import { smallShell } from "../drivers/shared/engine/small-shell.ts";

/** What is on disk before a process is begun: no secret is in it. */
const Record = z.object({ run: z.string(), bootId: z.string(), statusPort: z.number().int() });
type Record = z.infer<typeof Record>;
/** One start of it: its name, and where it tells how it goes. */
export type Start = Pick<Record, "run" | "statusPort">;

const launchWithinMs = 10_000;
const lookEveryMs = 1_000;
const stopGraceMs = 500;
const output = "process";
const patience = () => AbortSignal.timeout(launchWithinMs);

/** Ends the processes below `folder` that have none of these names any more. */
export async function endOthers(folder: string, names: readonly string[]): Promise<void> {
  if (!existsSync(folder)) return;
  const others = readdirSync(folder).filter((name) => !names.includes(name));
  await Promise.all(
    others.map(async (name) => {
      const { lock } = new EngineDirectory(join(folder, name), output);
      if (!(await smallShell.lockIsFree(lock, 0))) await freeLock(lock, [], patience());
    }),
  );
}

type Kept = {
  stateDir: string;
  /** The program, and whatever stands before it. */
  command: readonly string[];
  /** Its last argument. */
  settings: (start: Start) => { text: string; secrets?: readonly string[] };
  /** It told something. */
  heard: (datagram: Buffer, run: string) => void;
  /** It has ended by itself. */
  ended: (because: string) => void;
};

export class KeptProcess {
  readonly #p: Kept;
  readonly #directory: EngineDirectory;
  readonly #record: RecordFile;
  #running: { record: Record; process: EngineProcess } | undefined;
  #port: ProgressPort | undefined;
  #files: FSWatcher | undefined;
  #look: NodeJS.Timeout | undefined;

  constructor(p: Kept) {
    this.#p = p;
    mkdirSync(p.stateDir, { recursive: true, mode: 0o700 });
    this.#directory = new EngineDirectory(p.stateDir, output);
    this.#record = new RecordFile(this.#directory.path);
  }

  /** The start that runs, as far as is known. */
  get run(): string | undefined {
    return this.#running?.record.run;
  }

  /**
   * Adopts the process that runs as it would be run now; ends any other.
   * @param unlike what may differ in its settings
   */
  async open(unlike?: RegExp): Promise<void> {
    const { lock } = this.#directory;
    this.#files = this.#directory.watch(() => this.#lookAtFiles());
    this.#look = setInterval(() => this.#lookAtFiles(), lookEveryMs).unref();
    if (await smallShell.lockIsFree(lock, 0)) return;
    const record = this.#recorded();
    const process = record && (await this.#directory.livingProcess(record));
    if (record && process && this.#runsAs(record, process, unlike)) {
      this.#running = { record, process };
      await this.#listen(record.statusPort);
      return;
    }
    if (process) {
      await endProcess(process, lock, { hurry: false, graceMs: stopGraceMs }, patience());
    } else await freeLock(lock, [], patience());
  }

  /** It runs as it is wanted when this resolves, as before or from now on. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { record: old, process } = this.#running ?? {};
    if (old && process && statusOf(process) && this.#runsAs(old, process)) return;
    this.#running = undefined;
    const { lock } = this.#directory;
    if (process) await endProcess(process, lock, { hurry: true, graceMs: stopGraceMs }, signal);
    if (!(await smallShell.lockIsFree(lock, 0))) await freeLock(lock, [], signal);
    this.#port?.close();
    this.#port = undefined;
    await this.#listen(0);
    const statusPort = this.#port!.port;
    const record: Record = { run: randomUUID(), bootId, statusPort };
    await this.#record.write(JSON.stringify(record));
    signal.throwIfAborted();
    const launch = smallShell.launch(record.run, this.#command(record));
    const until = performance.now() + launchWithinMs;
    try {
      for (;;) {
        const process = this.#directory.process(record.run);
        if (process) {
          this.#running = { record, process };
          return this.#lookAtFiles();
        }
        const why = launch.gaveUp();
        if (why !== undefined || performance.now() > until) {
          throw new Error(`its process did not start: ${why ?? "nothing came up"}`);
        }
        await pause(5, undefined, { signal });
      }
    } finally {
      launch.forget();
    }
  }

  #command(record: Record): string[] {
    const { text, secrets } = this.#p.settings(record);
    return [
      ...["/bin/sh", launcher(), this.#directory.path, record.run, hidingScript(secrets ?? [])],
      ...this.#p.command,
      text,
    ];
  }

  /** Compared with what it was really started with: no trace of a secret need be kept for that. */
  #runsAs(record: Record, { pid }: EngineProcess, unlike?: RegExp): boolean {
    const plain = (text: string) => (unlike ? text.replace(unlike, "") : text);
    const wanted = plain(this.#p.settings(record).text);
    try {
      const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return argv.some((argument) => plain(argument) === wanted);
    } catch {
      return false;
    }
  }

  #recorded(): Record | undefined {
    try {
      const text = readFileSync(join(this.#directory.path, "record.json"), "utf8");
      return Record.safeParse(JSON.parse(text)).data;
    } catch {
      return undefined;
    }
  }

  /** One that cannot be heard is left alone: how it goes is not known then. */
  async #listen(port: number): Promise<void> {
    this.#port = await ProgressPort.open(port).catch((cause: unknown) => {
      if (port === 0) throw cause;
      return undefined;
    });
    if (!this.#port) return;
    this.#port.hear = (datagram) => {
      if (this.run !== undefined) this.#p.heard(datagram, this.run);
    };
  }

  #lookAtFiles(): void {
    const { record, process } = this.#running ?? {};
    if (!record || !process) return;
    const exit = this.#directory.exit(record.run);
    if (!exit && statusOf(process)) return;
    this.#running = undefined;
    const ended = this.#directory.words().at(-1);
    const how = exit?.signal ?? (exit?.code === undefined ? null : `exit code ${exit.code}`);
    this.#p.ended(ended ?? how ?? "nobody saw how");
  }

  /** Lets go of it; it goes on. */
  async close(): Promise<void> {
    clearInterval(this.#look);
    this.#files?.close();
    this.#port?.close();
    this.#running = undefined;
    await this.#record.close();
    await this.#directory.close();
  }
}
