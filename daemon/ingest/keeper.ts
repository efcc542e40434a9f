/** Ingest processes as the daemon keeps them, and the doors of those that sessions publish to. */
import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { IngestConfig, SiteConfig } from "../../config/site.schema.ts";
import type { IngestEvent } from "../../machines/ingest/ingest.events.ts";
import { endOthers, KeptProcess, type Start } from "../kept-process/kept-process.ts";
import type { MediaClock } from "../../machines/stream/relay/media-clock.ts";
import { groupOf, type Group } from "./group.ts";
import { type IngestSettings, isForSessions, secretsOf, settingsOf } from "./settings.ts";
import type { SessionKeys } from "./session-keys.ts";
import { IngestStatus } from "./status.ts";

type Tell = (event: IngestEvent) => void;

/** What is told twice a second is passed on this often when nothing is new in it. */
const sameEveryMs = 5_000;
/** Where the processes of a state directory have their folders. */
const foldersIn = (stateDir: string) => join(stateDir, "ingests");
const lookForDoorEveryMs = 20;
/** No session has this id. */
const nobody = "";
const keyInSettings =
  /"(?:keySha256":(?:null|"[0-9a-f]*")|streamKey":(?:null|"[\w-]*")|passphrase":"[\w-]*")/;

/** Adopts what runs, ends what is not wanted any more, and begins nothing yet. */
export async function openIngests(p: {
  config: SiteConfig;
  program: URL;
  /** The key that a session's publisher has. */
  keyOf: SessionKeys;
  /** The folder of the relay that an ingest feeds instead of encoders. */
  spoolOf: (ingest: string) => string | undefined;
  /** The folder for the splice information of its source, where a relay wants it. */
  splicesOf: (ingest: string) => string | undefined;
  tell: (ingest: string, event: IngestEvent) => void;
}): Promise<Map<string, IngestKeeper>> {
  const { config, program } = p;
  const folder = foldersIn(config.stateDir);
  // One that is not configured any more must not hold its port.
  await endOthers(
    folder,
    config.ingests.map(({ id }) => id),
  );
  const keepers = config.ingests.map(async (ingest) => {
    const keeper = new IngestKeeper({
      ingest,
      program: fileURLToPath(program),
      group: groupOf(config, ingest.id),
      keyOf: p.keyOf,
      spool: p.spoolOf(ingest.id),
      splices: p.splicesOf(ingest.id),
      stateDir: join(folder, ingest.id),
      tell: (event) => p.tell(ingest.id, event),
    });
    await keeper.open();
    return [ingest.id, keeper] as const;
  });
  return new Map(await Promise.all(keepers));
}

export class IngestKeeper {
  readonly #config: IngestConfig;
  readonly #group: Group;
  readonly #tell: Tell;
  readonly #process: KeptProcess;
  readonly #keyOf: SessionKeys;
  readonly #spool: string | undefined;
  readonly #splices: string | undefined;
  readonly #heard = new EventEmitter<{ status: [IngestStatus] }>();
  /** One order after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Whose publisher is let in, of one that is kept for sessions. */
  #session: string | undefined;
  /** The run that was heard last: it listens. */
  #heardRun: string | undefined;
  #clock: MediaClock | null = null;
  /** The last that was told of how it goes. */
  #told: { run: string; shape: string; atMs: number } | undefined;
  /** Nothing is told before the site wants to hear. */
  #hasBegun = false;

  constructor(p: {
    ingest: IngestConfig;
    program: string;
    group: Group;
    keyOf: SessionKeys;
    spool: string | undefined;
    splices: string | undefined;
    stateDir: string;
    tell: Tell;
  }) {
    this.#keyOf = p.keyOf;
    this.#spool = p.spool;
    this.#splices = p.splices;
    this.#config = p.ingest;
    this.#group = p.group;
    this.#tell = p.tell;
    this.#process = new KeptProcess({
      stateDir: p.stateDir,
      command: [process.execPath, p.program],
      settings: (start) => {
        const settings = this.#settings(start);
        return { text: JSON.stringify(settings), secrets: secretsOf(settings.source) };
      },
      heard: (datagram, run) => this.#hear(datagram, run),
      ended: (because) => {
        if (this.#hasBegun) this.#tell({ type: "ended", because });
      },
    });
  }

  /** For which session one runs is looked at when it is known which is wanted. */
  open(): Promise<void> {
    return this.#process.open(isForSessions(this.#config) ? keyInSettings : undefined);
  }

  /** From now on it is told how it goes; first, whether anything runs. */
  begin(): void {
    this.#hasBegun = true;
    this.#tell({ type: this.#process.run === undefined ? "absent" : "found" });
  }

  /**
   * It runs when this resolves, as before or from now on.
   * @param session whose publisher is let in, and nobody else's; undefined: nobody's
   */
  run(signal: AbortSignal, session?: string): Promise<void> {
    const turn = this.#turn.then(() => {
      signal.throwIfAborted();
      this.#session = session;
      return this.#process.start(signal);
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Of the pictures that it passes on, as it told last; null: not known. */
  get clock(): MediaClock | null {
    return this.#clock;
  }

  /** The next that it tells of itself, twice a second. Rejects when `signal` aborts. */
  async nextStatus(signal: AbortSignal): Promise<IngestStatus> {
    const [status] = (await once(this.#heard, "status", { signal })) as [IngestStatus];
    return status;
  }

  /** Where and with which key the publisher of this session is let in, when it is. */
  async door(
    session: string,
    signal: AbortSignal,
  ): Promise<{ address: string; streamKey: string }> {
    const config = this.#config;
    if (!("sessions" in config)) throw new Error(`${config.id} is not kept for sessions`);
    const isOpen = () => {
      const { run } = this.#process;
      return this.#session === session && run !== undefined && run === this.#heardRun;
    };
    while (!isOpen() && !signal.aborted) await pause(lookForDoorEveryMs);
    return {
      address: addressOf(config),
      streamKey: this.#keyOf(session),
    };
  }

  #settings({ run, statusPort }: Start): IngestSettings {
    const to = { run, statusPort, group: this.#group, spool: this.#spool, splices: this.#splices };
    if (!isForSessions(this.#config)) return settingsOf(this.#config, to);
    const key = this.#session === undefined ? undefined : this.#keyOf(this.#session);
    return settingsOf(this.#config, to, { key, nobodys: this.#keyOf(nobody) });
  }

  #hear(datagram: Buffer, run: string): void {
    const status = statusIn(datagram);
    if (!this.#hasBegun || status?.run !== run) return;
    this.#heardRun = run;
    this.#heard.emit("status", status);
    const { run: _, epochs: __, clock = null, ...reading } = status;
    this.#clock = clock;
    const { state, why, publisher, video, audio, sounds, scan, refused } = reading;
    const form = [video, audio, sounds, scan];
    const shape = JSON.stringify([state, why, publisher, form, refused.count]);
    const atMs = performance.now();
    const { run: toldRun, shape: before, atMs: toldAtMs = 0 } = this.#told ?? {};
    if (toldRun === run && before === shape && atMs - toldAtMs < sameEveryMs - 250) return;
    this.#told = { run, shape, atMs };
    this.#tell({ type: "reading", reading });
  }

  /** Lets go of it; it goes on. */
  close(): Promise<void> {
    return this.#process.close();
  }
}

/** Where whoever has a session publishes to. */
function addressOf(config: Extract<IngestConfig, { sessions: boolean }>): string {
  const host = config.host.includes(":") ? `[${config.host}]` : config.host;
  const at = `${host}:${config.port}`;
  switch (config.kind) {
    case "rtmp":
    case "nginx-rtmp":
      return `rtmp://${at}/${config.app}`;
    case "srt":
      return `srt://${at}`;
    case "whip":
      return `http://${at}/whip/${config.id}`;
  }
}

function statusIn(datagram: Buffer): IngestStatus | undefined {
  try {
    return IngestStatus.safeParse(JSON.parse(datagram.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}
