/** Ingest processes as the daemon keeps them: begun, adopted, heard and, where not wanted, ended. */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, type FSWatcher } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { IngestConfig, SiteConfig } from "../../config/site.schema.ts";
import type { IngestEvent } from "../../machines/ingest/ingest.events.ts";
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
import { groupOf, type Group } from "./group.ts";
import { IngestSettings, isForSessions, settingsOf } from "./settings.ts";
import type { SessionKeys } from "./session-keys.ts";
import { IngestStatus } from "./status.ts";

/** What is on disk before a process is begun: no secret is in it. */
const Record = z.object({ run: z.string(), bootId: z.string(), statusPort: z.number().int() });
type Record = z.infer<typeof Record>;

type Tell = (event: IngestEvent) => void;

const launchWithinMs = 10_000;
const lookEveryMs = 1_000;
const stopGraceMs = 500;
/** What is told twice a second is passed on this often when nothing is new in it. */
const sameEveryMs = 5_000;
/** Where the processes of a state directory have their folders. */
const foldersIn = (stateDir: string) => join(stateDir, "ingests");
const output = "process";
const lookForDoorEveryMs = 20;
/** No session has this id. */
const nobody = "";
const keyInSettings = /"(?:keySha256":(?:null|"[0-9a-f]*")|passphrase":"[\w-]*")/;

/** Adopts what runs, ends what is not wanted any more, and begins nothing yet. */
export async function openIngests(p: {
  config: SiteConfig;
  program: URL;
  /** The key that a session's publisher has. */
  keyOf: SessionKeys;
  /** The folder of the relay that an ingest feeds instead of encoders. */
  spoolOf: (ingest: string) => string | undefined;
  tell: (ingest: string, event: IngestEvent) => void;
}): Promise<Map<string, IngestKeeper>> {
  const { config, program } = p;
  await endOthers(config);
  const keepers = config.ingests.map(async (ingest) => {
    const keeper = new IngestKeeper({
      ingest,
      program: fileURLToPath(program),
      group: groupOf(config, ingest.id),
      keyOf: p.keyOf,
      spool: p.spoolOf(ingest.id),
      stateDir: join(foldersIn(config.stateDir), ingest.id),
      tell: (event) => p.tell(ingest.id, event),
    });
    await keeper.open();
    return [ingest.id, keeper] as const;
  });
  return new Map(await Promise.all(keepers));
}

/** An ingest that is not configured any more must not hold its port. */
async function endOthers({ stateDir, ingests }: SiteConfig): Promise<void> {
  const folder = foldersIn(stateDir);
  if (!existsSync(folder)) return;
  const others = readdirSync(folder).filter((name) => !ingests.some(({ id }) => id === name));
  await Promise.all(
    others.map(async (name) => {
      const { lock } = new EngineDirectory(join(folder, name), output);
      if (!(await smallShell.lockIsFree(lock, 0))) await freeLock(lock, [], patience());
    }),
  );
}

const patience = () => AbortSignal.timeout(launchWithinMs);

export class IngestKeeper {
  readonly #config: IngestConfig;
  readonly #program: string;
  readonly #group: Group;
  readonly #tell: Tell;
  readonly #directory: EngineDirectory;
  readonly #record: RecordFile;
  #running: { record: Record; process: EngineProcess } | undefined;
  readonly #keyOf: SessionKeys;
  readonly #spool: string | undefined;
  /** One order after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Whose publisher is let in, of one that is kept for sessions. */
  #session: string | undefined;
  /** The run that was heard last: it listens. */
  #heardRun: string | undefined;
  #port: ProgressPort | undefined;
  #files: FSWatcher | undefined;
  #look: NodeJS.Timeout | undefined;
  /** The last that was told of how it goes. */
  #told: { shape: string; atMs: number } | undefined;
  /** Nothing is told before the site wants to hear. */
  #hasBegun = false;

  constructor(p: {
    ingest: IngestConfig;
    program: string;
    group: Group;
    keyOf: SessionKeys;
    spool: string | undefined;
    stateDir: string;
    tell: Tell;
  }) {
    this.#keyOf = p.keyOf;
    this.#spool = p.spool;
    this.#config = p.ingest;
    this.#program = p.program;
    this.#group = p.group;
    this.#tell = p.tell;
    mkdirSync(p.stateDir, { recursive: true, mode: 0o700 });
    this.#directory = new EngineDirectory(p.stateDir, output);
    this.#record = new RecordFile(this.#directory.path);
  }

  /**
   * Adopts the process that runs as it would be run now; ends any other. For which session one runs is
   * looked at when it is known which is wanted.
   */
  async open(): Promise<void> {
    const { lock } = this.#directory;
    this.#files = this.#directory.watch(() => this.#lookAtFiles());
    this.#look = setInterval(() => this.#lookAtFiles(), lookEveryMs).unref();
    if (await smallShell.lockIsFree(lock, 0)) return;
    const record = this.#recorded();
    const process = record && (await this.#directory.livingProcess(record));
    if (record && process && this.#runsAs(record, process, isForSessions(this.#config))) {
      this.#running = { record, process };
      await this.#listen(record.statusPort);
      return;
    }
    if (process) {
      await endProcess(process, lock, { hurry: false, graceMs: stopGraceMs }, patience());
    } else await freeLock(lock, [], patience());
  }

  /** From now on it is told how it goes; first, whether anything runs. */
  begin(): void {
    this.#hasBegun = true;
    this.#tell({ type: this.#running ? "found" : "absent" });
  }

  /**
   * It runs when this resolves, as before or from now on.
   * @param session whose publisher is let in, and nobody else's; undefined: nobody's
   */
  run(signal: AbortSignal, session?: string): Promise<void> {
    const turn = this.#turn.then(() => this.#run(signal, session));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #run(signal: AbortSignal, session: string | undefined): Promise<void> {
    signal.throwIfAborted();
    this.#session = session;
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
          this.#told = undefined;
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

  /** Where and with which key the publisher of this session is let in, when it is. */
  async door(
    session: string,
    signal: AbortSignal,
  ): Promise<{ address: string; streamKey: string }> {
    const config = this.#config;
    if (!("sessions" in config)) throw new Error(`${config.id} is not kept for sessions`);
    const isOpen = () =>
      this.#session === session &&
      this.#running !== undefined &&
      this.#running.record.run === this.#heardRun;
    while (!isOpen() && !signal.aborted) await pause(lookForDoorEveryMs);
    const host = config.host.includes(":") ? `[${config.host}]` : config.host;
    const at = `${config.kind}://${host}:${config.port}`;
    return {
      address: config.kind === "rtmp" ? `${at}/${config.app}` : at,
      streamKey: this.#keyOf(session),
    };
  }

  #settings({ run, statusPort }: Record): IngestSettings {
    const to = { run, statusPort, group: this.#group, spool: this.#spool };
    if (!isForSessions(this.#config)) return settingsOf(this.#config, to);
    const key = this.#session === undefined ? undefined : this.#keyOf(this.#session);
    return settingsOf(this.#config, to, { key, nobodys: this.#keyOf(nobody) });
  }

  #command(record: Record): string[] {
    const { source } = this.#settings(record);
    const secret =
      source.kind === "srt"
        ? source.passphrase
        : source.kind === "rtsp"
          ? source.password
          : undefined;
    return [
      ...["/bin/sh", launcher(), this.#directory.path, record.run, hidingScript(secret ?? "")],
      ...[process.execPath, this.#program, JSON.stringify(this.#settings(record))],
    ];
  }

  /**
   * Compared with what it was really started with: no trace of a secret need be kept for that.
   * @param anyKey whoever it lets in
   */
  #runsAs(record: Record, { pid }: EngineProcess, anyKey = false): boolean {
    const plain = (text: string) => (anyKey ? text.replace(keyInSettings, "") : text);
    const wanted = plain(JSON.stringify(this.#settings(record)));
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
    if (this.#port) this.#port.hear = (datagram) => this.#hear(datagram);
  }

  #hear(datagram: Buffer): void {
    const status = statusIn(datagram);
    if (!this.#hasBegun || status?.run !== this.#running?.record.run || !status) return;
    this.#heardRun = status.run;
    const { run: _, epochs: __, ...reading } = status;
    const { state, why, publisher, video, audio, refused } = reading;
    const shape = JSON.stringify([state, why, publisher, video, audio, refused.count]);
    const atMs = performance.now();
    if (this.#told?.shape === shape && atMs - this.#told.atMs < sameEveryMs - 250) return;
    this.#told = { shape, atMs };
    this.#tell({ type: "reading", reading });
  }

  #lookAtFiles(): void {
    const { record, process } = this.#running ?? {};
    if (!record || !process) return;
    const exit = this.#directory.exit(record.run);
    if (!exit && statusOf(process)) return;
    this.#running = undefined;
    const ended = this.#directory.words().at(-1);
    const how = exit?.signal ?? (exit?.code === undefined ? null : `exit code ${exit.code}`);
    if (this.#hasBegun) {
      this.#tell({ type: "ended", because: ended ?? how ?? "nobody saw how" });
    }
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

function statusIn(datagram: Buffer): IngestStatus | undefined {
  try {
    return IngestStatus.safeParse(JSON.parse(datagram.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}
