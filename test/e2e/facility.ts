/**
 * A whole facility of real processes for end-to-end tests: the built daemon, real software engines,
 * simulated HELOs that really push, and a far end that notes to the millisecond who publishes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import Database from "better-sqlite3";
import { stringify } from "yaml";
import { type FakeHelo, type HeloOptions, startHelo } from "../fakes/helo/helo.ts";
import {
  type FakeMagewell,
  type FakeMagewellOptions,
  startMagewell,
} from "../fakes/magewell/magewell.ts";
import { type FakePearl, type FakePearlOptions, startPearl } from "../fakes/pearl/pearl.ts";
import { type FakePdu, type PduFamily, pduCommunity, startFakePdu } from "../fakes/snmp/pdu.ts";
import { type FarEnd, type FarEndOptions, startFarEnd } from "../fakes/rtmp-far-end/far-end.ts";
import { hostOf, type PublisherRecord } from "../fakes/rtmp-far-end/publications.ts";
import { openKeptRuns } from "../../daemon/replay/kept-runs.ts";
import { compare, replay } from "../../daemon/replay/replay.ts";

const root = new URL("../../", import.meta.url).pathname;

type Box =
  /** `config`: laid over what a software encoder is configured with. */
  (
    | { driver: "ffmpeg" | "gstreamer"; config?: Record<string, unknown> }
    | ({ driver: "aja-helo" } & Partial<HeloOptions>)
    | ({ driver: "epiphan-pearl" } & Partial<FakePearlOptions>)
    | ({ driver: "magewell" } & Partial<FakeMagewellOptions>)
  ) & {
    /** What feeds it; "camera" when left out. */
    source?: string;
    /** How often it is asked, as the configuration writes it. */
    polling?: { normal?: string; suspect?: string };
  };

export type FacilityOptions = {
  /** Encoders in the order of preference of the stream `main`. */
  encoders?: Record<string, Box>;
  /** Further streams, each to a key of its own at the same far end, with the encoders they use. */
  otherStreams?: Record<string, Record<string, Box>>;
  farEnd?: FarEndOptions;
  /** With a destination `range` that is marked `test: true`, and that no stream uses. */
  range?: boolean;
  /** Laid over the destination and the stream, which is direct, of the site's configuration. */
  destination?: Record<string, unknown>;
  stream?: Record<string, unknown>;
  mqttUrl?: string;
  /** Where the state is kept, for example a small file system; made when left out. */
  stateDir?: string;
  /** Prefix of the daemon's command line, for example faketime or strace. */
  wrap?: string[];
  env?: Record<string, string>;
  /** With the far end's playlist of the stream `main`, where it makes one. */
  observers?: unknown[] | ((playlistUrl: string) => unknown[]);
  /** Disks and NAS, as the configuration writes them. */
  storages?: unknown[];
  /** Further sections of the site's configuration. */
  site?: Record<string, unknown>;
  /** Laid over each HELO of the site's configuration. */
  encoder?: Record<string, unknown>;
  /** The PDU's outlets that power the HELOs, one each in their order, named as the box is. */
  pdu?: PduFamily;
  /** What the PDU calls an outlet, where that is not the box's name. */
  outletNames?: Record<string, string>;
};

export type Told = {
  seq: number;
  type: string;
  subject: { kind: string; id: string };
  message: string;
  data: Record<string, unknown>;
  /** Decided while the disk did not take it, and written later. */
  undurable: boolean;
};

/** Waits until `look` gives something, checking often; fails with `what` after `withinMs`. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | null | Promise<T | undefined | false | null>,
  withinMs = 30_000,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false && found !== null) return found;
    if (performance.now() > endMs) throw new Error(`not seen within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export class Facility {
  readonly folder: string;
  readonly stateDir: string;
  readonly farEnd: FarEnd;
  readonly helos: Record<string, FakeHelo>;
  readonly pearls: Record<string, FakePearl>;
  readonly magewells: Record<string, FakeMagewell>;
  readonly pdu: FakePdu | undefined;
  readonly configFile: string;
  log = "";
  #daemon: ChildProcess | undefined;
  readonly #options: FacilityOptions;
  static #loopback = 20;

  private constructor(p: {
    options: FacilityOptions;
    folder: string;
    farEnd: FarEnd;
    helos: Record<string, FakeHelo>;
    pearls: Record<string, FakePearl>;
    magewells: Record<string, FakeMagewell>;
    pdu: FakePdu | undefined;
  }) {
    this.#options = p.options;
    this.folder = p.folder;
    this.stateDir = p.options.stateDir ?? join(p.folder, "state");
    this.farEnd = p.farEnd;
    this.helos = p.helos;
    this.pearls = p.pearls;
    this.magewells = p.magewells;
    this.pdu = p.pdu;
    this.configFile = join(p.folder, "site.yaml");
  }

  /** Far end and boxes are up; the daemon is not started yet. */
  static async build(options: FacilityOptions = {}): Promise<Facility> {
    const folder = mkdtempSync(join(tmpdir(), "understudy-e2e-"));
    const farEnd = await startFarEnd({ behaviour: "refuseSecond", ...options.farEnd });
    const mainBoxes = options.encoders ?? { a: { driver: "ffmpeg" }, b: { driver: "ffmpeg" } };
    const streams = { main: mainBoxes, ...options.otherStreams };
    const boxes = Object.fromEntries(Object.values(streams).flatMap((of) => Object.entries(of)));
    const helos: Record<string, FakeHelo> = {};
    const pearls: Record<string, FakePearl> = {};
    const magewells: Record<string, FakeMagewell> = {};
    for (const [id, { driver, source: _, polling: __, ...box }] of Object.entries(boxes)) {
      if (driver === "ffmpeg" || driver === "gstreamer") continue;
      const own = { name: id, host: `127.0.0.${Facility.#loopback++}`, ...box };
      if (driver === "aja-helo") helos[id] = await startHelo(own as HeloOptions);
      else if (driver === "magewell")
        magewells[id] = await startMagewell(own as FakeMagewellOptions);
      else pearls[id] = await startPearl(own as FakePearlOptions);
    }
    const plugged = Object.entries(helos);
    const pdu =
      options.pdu &&
      (await startFakePdu({
        family: options.pdu,
        outlets: plugged.map(([name], at) => ({
          index: indexOf(options.pdu, at),
          name: options.outletNames?.[name] ?? name,
        })),
        onPower(index, on) {
          const box = plugged.find((_, at) => indexOf(options.pdu, at) === index)?.[1];
          if (on) box?.power.on();
          else void box?.power.off();
        },
      }));
    const fakes = { helos, pearls, magewells, pdu };
    const facility = new Facility({ options, folder, farEnd, ...fakes });
    facility.#configure(boxes, streams);
    // A new machine's failure is seldom seen twice. A bench is no test.
    if (process.env["VITEST"]) {
      const { onTestFailed } = await import("vitest");
      onTestFailed(() => console.error(facility.log.slice(-6_000)));
    }
    return facility;
  }

  #configure(boxes: Record<string, Box>, streams: Record<string, Record<string, Box>>): void {
    mkdirSync(this.stateDir, { recursive: true });
    const keyFile = (stream: string) => join(this.folder, `stream-key-${stream}`);
    const places = [...Object.keys(streams), ...(this.#options.range ? ["range"] : [])];
    for (const stream of places) {
      writeFileSync(keyFile(stream), `${this.streamKey(stream)}\n`, { mode: 0o600 });
    }
    writeFileSync(
      this.configFile,
      stringify({
        site: "studio",
        stateDir: this.stateDir,
        mqtt: { url: this.#options.mqttUrl ?? "mqtt://127.0.0.1:1" },
        encoders: Object.entries(boxes).map(([id, box]) =>
          box.driver === "ffmpeg" || box.driver === "gstreamer"
            ? {
                id,
                driver: box.driver,
                source: box.source ?? "camera",
                ...(box.polling && { polling: box.polling }),
                input: { kind: "testPattern", width: 320, height: 180, framesPerSecond: 15 },
                video: {
                  width: 320,
                  height: 180,
                  framesPerSecond: 15,
                  bitrate: "300kbps",
                  gopSeconds: 1,
                  preset: "ultrafast",
                  threads: 1,
                },
                audio: { bitrate: "64kbps" },
                ...box.config,
              }
            : {
                id,
                driver: box.driver,
                source: box.source ?? "camera",
                ...(box.polling && { polling: box.polling }),
                host: this.#box(id).host,
                port: this.#box(id).port,
                ...this.#options.encoder,
                ...(this.pdu && this.helos[id] && { outlet: `outlet-${id}` }),
              },
        ),
        ...(this.pdu && {
          outlets: Object.keys(this.helos).map((id, at) => ({
            id: `outlet-${id}`,
            driver: driverOf(this.#options.pdu!),
            expectedName: id,
            host: "127.0.0.1",
            port: this.pdu!.port,
            access: { version: "v2c", community: `file:${this.#communityFile()}` },
            outlet: this.#options.pdu === "sentry3" ? indexOf("sentry3", at) : at + 1,
          })),
        }),
        ...(this.#options.storages && { storages: this.#options.storages }),
        destinations: places.map((stream) => ({
          id: destinationOf(stream),
          address: this.farEnd.rtmpUrl,
          streamKey: `file:${keyFile(stream)}`,
          observers: this.#observers(),
          ...(stream === "range" ? { test: true } : this.#options.destination),
        })),
        streams: Object.entries(streams).map(([id, used]) => ({
          id,
          destination: destinationOf(id),
          encoders: Object.keys(used),
          path: "direct",
          ...(id === "main" && this.#options.stream),
        })),
        ...this.#options.site,
      }),
    );
  }

  #box(id: string): { host: string; port: number } {
    return (this.helos[id] ?? this.pearls[id] ?? this.magewells[id])!;
  }

  #observers(): unknown[] {
    const { observers } = this.#options;
    if (typeof observers === "function") {
      const { farEnd } = this;
      const statistics = { statisticsUrl: farEnd.statisticsUrl, app: "live" };
      const playlist = farEnd.hlsUrl(this.streamKey());
      return [{ kind: "nginx-rtmp", ...statistics }, ...observers(playlist)];
    }
    const { statisticsUrl } = this.farEnd;
    return observers ?? [{ kind: "nginx-rtmp", statisticsUrl, app: "live" }];
  }

  #communityFile(): string {
    const file = join(this.folder, "community");
    const { community } = pduCommunity as { community: string };
    writeFileSync(file, `${community}\n`, { mode: 0o600 });
    return file;
  }

  /** Starts the daemon (again). Resolves when the process runs, not when anything is on air. */
  /** @param dist another build than this tree's */
  startDaemon(dist = join(root, "dist")): ChildProcess {
    const [program, ...args] = [
      ...(this.#options.wrap ?? []),
      process.execPath,
      join(dist, "daemon.cjs"),
      "--config",
      this.configFile,
    ];
    const daemon = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        // As under systemd; what is put into memory is gone with the folder.
        RUNTIME_DIRECTORY: join(this.folder, "run"),
        ...this.#options.env,
      },
    });
    const keep = (chunk: Buffer) => void (this.log += chunk.toString());
    daemon.stdout?.on("data", keep);
    daemon.stderr?.on("data", keep);
    this.#daemon = daemon;
    return daemon;
  }
  get daemon(): ChildProcess {
    if (!this.#daemon) throw new Error("the daemon was not started");
    return this.#daemon;
  }

  /** Ends the daemon by this signal and waits for it; media goes on. */
  async endDaemon(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const daemon = this.daemon;
    if (daemon.exitCode === null && daemon.signalCode === null) {
      const gone = new Promise((resolve) => daemon.once("exit", resolve));
      daemon.kill(signal);
      await gone;
    }
    return daemon.exitCode;
  }

  /** What the journal on disk says was decided, oldest first. */
  told(type?: string): Told[] {
    let db: Database.Database;
    try {
      db = new Database(join(this.stateDir, "site.db"), { readonly: true, fileMustExist: true });
    } catch {
      return []; // not made yet
    }
    try {
      const rows = db.prepare("select body, undurable from event order by epoch, seq").all();
      const events = (rows as { body: string; undurable: number }[]).map(
        ({ body, undurable }): Told => ({
          ...(JSON.parse(body) as Told),
          undurable: undurable === 1,
        }),
      );
      return type === undefined ? events : events.filter((e) => e.type === type);
    } catch (cause) {
      if (String(cause).includes("no such table")) return [];
      throw cause;
    } finally {
      db.close();
    }
  }

  /** Of this facility alone, so that what is left behind can be told from others' processes. */
  streamKey(stream = "main"): string {
    return `key-of-${stream}-${basename(this.folder)}`;
  }
  publishers(stream = "main"): PublisherRecord[] {
    return this.farEnd.publishers(this.streamKey(stream));
  }
  /** How long two publishers held this stream's key at once, ms. */
  overlapMs(stream = "main"): number {
    return this.farEnd.overlapMs(this.streamKey(stream));
  }
  /** Who is on the far end now and moving, by our mark or by the box's address. */
  onAir(stream = "main"): string | undefined {
    const live = this.publishers(stream).filter((p) => p.endedAtMs === null && p.videoFrames > 0);
    const last = live.at(-1);
    if (!last) return undefined;
    const mark = /understudy\/([^/]+)\//.exec(last.flashVer)?.[1];
    return mark ?? Object.entries(this.helos).find(([, h]) => h.host === hostOf(last.address))?.[0];
  }
  async untilOnAir(encoder?: string, withinMs = 60_000, stream = "main"): Promise<string> {
    return until(
      `${encoder ?? "somebody"} on air`,
      () => {
        const who = this.onAir(stream);
        return who !== undefined && (encoder === undefined || who === encoder) ? who : undefined;
      },
      withinMs,
    );
  }
  async untilTold(type: string, matches: (t: Told) => boolean = () => true, withinMs = 60_000) {
    return until(`event ${type}`, () => this.told(type).find(matches), withinMs);
  }

  /** Pid of the program that this software encoder runs now. */
  enginePid(encoder: string): number {
    return this.#pidIn(`encoders/${encoder}/engines/stream-1/pid`);
  }

  /** Of the stream `main`. */
  relayPid(): number {
    return this.#pidIn("relays/main/engines/relay/pid");
  }

  #pidIn(file: string): number {
    const text = readFileSync(join(this.stateDir, file), "utf8");
    const pid = Number(text.split(" ")[1]);
    if (!(pid > 1)) throw new Error(`no pid in ${JSON.stringify(text)}`);
    return pid;
  }

  /** Every process of this facility: it works in the folder, or its command line names it or a key. */
  leftovers(): number[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => {
        try {
          const text = readFileSync(`/proc/${pid}/cmdline`, "utf8");
          const where = text + readlinkSync(`/proc/${pid}/cwd`);
          return where.includes(basename(this.folder)) || where.includes(this.stateDir);
        } catch {
          return false; // gone meanwhile
        }
      })
      .map(Number);
  }

  /** Of each run that the journal holds, the first event that the same machines do not decide again. */
  decidedOtherwise(): { was: unknown; wouldBe: unknown }[] {
    const file = join(this.stateDir, "site.db");
    if (!existsSync(file)) return [];
    const kept = openKeptRuns(file);
    try {
      return kept.runs().flatMap((run) => {
        const { was, wouldBe } = compare(run.told(), [...replay(run)]);
        return was.length === 0 ? [] : [{ was: was[0], wouldBe: wouldBe[0] }];
      });
    } finally {
      kept.close();
    }
  }

  async close(): Promise<void> {
    if (this.#daemon) await this.endDaemon("SIGKILL");
    // One that is being launched is seen a moment later, and one that is killed is there a moment.
    await until("its processes are gone", () => {
      const left = this.leftovers();
      for (const pid of left) kill(pid);
      return left.length === 0;
    });
    const boxes = Object.values({ ...this.helos, ...this.pearls, ...this.magewells });
    await Promise.all(boxes.map((box) => box.close()));
    await this.farEnd.close();
    await this.pdu?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A destination belongs to one stream. */
const destinationOf = (stream: string) =>
  stream === "main" ? "far" : stream === "range" ? stream : `far-${stream}`;

export function kill(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
  }
}

/** How the tables of a PDU count its outlets. */
const indexOf = (family: PduFamily | undefined, at: number) =>
  family === "sentry3" ? `1.1.${at + 1}` : String(at + 1);
const driverOf = (family: PduFamily) => `pdu-${family.replace(/-\d$/, "")}`;
