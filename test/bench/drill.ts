/**
 * A facility under measurement: real processes with their commands noted as they leave the daemon,
 * and every moment on CLOCK_MONOTONIC, which is the same for all processes of one boot.
 */
import { existsSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import type { Incident } from "../../machines/stream/stream.contract.ts";
import { Facility, type FacilityOptions, type Told as AnyTold, until } from "../e2e/facility.ts";
import type { PublisherRecord } from "../fakes/rtmp-far-end/publications.ts";

const preload = fileURLToPath(new URL("commands-preload.mjs", import.meta.url));

/** `launch`: the launcher of an ffmpeg was spawned. The others: requests handed to the socket. */
export type Command = { what: "launch" | "heloStart" | "heloStop"; monoMs: number };
/** One journaled input: what reached the deciding machines, and when its turn began. */
export type JournaledInput = { monoMs: number; actor: string; event: Record<string, unknown> };

/** An event of the journal; `atMs` is Unix time of the turn that decided it. */
export type Told = AnyTold & { atMs: number };

export function monoMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/** `count` ffmpeg encoders named e1, e2 … */
export function ffmpegs(count: number): Record<string, { driver: "ffmpeg" }> {
  const names = Array.from({ length: count }, (_, at) => `e${at + 1}`);
  return Object.fromEntries(names.map((name) => [name, { driver: "ffmpeg" }]));
}

export class Drill {
  readonly facility: Facility;
  readonly #commandsFile: string;

  private constructor(facility: Facility, commandsFile: string) {
    this.facility = facility;
    this.#commandsFile = commandsFile;
  }

  static async begin(options: FacilityOptions): Promise<Drill> {
    // The environment is read when the daemon starts, so it may name the folder made meanwhile.
    const env: Record<string, string> = { NODE_OPTIONS: `--import=${preload}` };
    const facility = await Facility.build({ ...options, env });
    const commandsFile = join(facility.folder, "commands");
    env["UNDERSTUDY_BENCH_COMMANDS"] = commandsFile;
    return new Drill(facility, commandsFile);
  }

  async startDaemon(): Promise<void> {
    const before = this.#readies();
    this.facility.startDaemon();
    await until("the daemon is ready", () => this.#readies() > before, 60_000);
  }
  #readies(): number {
    return this.facility.log.split('"code":"ready"').length - 1;
  }

  /** Waits for an event that was told after `afterSeq`. */
  told(type: string, afterSeq: number, matches: (t: Told) => boolean = () => true): Promise<Told> {
    const told = this.facility.untilTold(
      type,
      (t) => t.seq > afterSeq && matches(t as Told),
      60_000,
    );
    return told as Promise<Told>;
  }
  lastSeq(): number {
    return this.facility.told().at(-1)?.seq ?? 0;
  }
  /** The closed record of the incident that was opened after `afterSeq`. */
  async incident(afterSeq: number): Promise<Incident> {
    const told = await this.told("stream.incident", afterSeq, (t) => isClosed(incidentIn(t)));
    return incidentIn(told);
  }
  async onAirAgain(afterSeq: number): Promise<void> {
    await this.told("stream.carriage", afterSeq, (t) => t.data["carriage"] === "onAir");
  }

  commands(what: Command["what"], afterMs: number): Command[] {
    if (!existsSync(this.#commandsFile)) return [];
    return readFileSync(this.#commandsFile, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Command)
      .filter((command) => command.what === what && command.monoMs >= afterMs);
  }

  inputs(afterMs: number): JournaledInput[] {
    const db = new Database(join(this.facility.stateDir, "site.db"), { readonly: true });
    try {
      return db
        .prepare<[number], { mono_ms: number; actor: string; body: string }>(
          "select mono_ms, actor, body from input where mono_ms >= ? order by id",
        )
        .all(afterMs)
        .map(({ mono_ms, actor, body }) => ({
          ...{ monoMs: mono_ms, actor },
          event: JSON.parse(body) as Record<string, unknown>,
        }));
    } finally {
      db.close();
    }
  }

  /** The far end's record of whoever published first after this moment. */
  publishedAfter(afterMs: number): PublisherRecord | undefined {
    return this.facility
      .publishers()
      .find((p) => p.firstMediaAtMs !== null && p.firstMediaAtMs >= afterMs);
  }

  engineFolder(encoder: string): string {
    return join(this.facility.stateDir, "encoders", encoder, "engines/stream-1");
  }
  close(): Promise<void> {
    return this.facility.close();
  }
}

const incidentIn = (told: Told) => told.data["incident"] as Incident;
const isClosed = (incident: Incident) => incident.closedAtMs !== null;

/** When a plain watcher of this folder is told that `name` was written. */
export function writingSeen(folder: string, name: string): { atMs: Promise<number>; end(): void } {
  const watcher = watch(folder);
  const atMs = new Promise<number>((resolve, reject) => {
    watcher.on("change", (_, file) => void (file === name && resolve(monoMs())));
    watcher.on("error", reject);
  });
  return { atMs, end: () => watcher.close() };
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
