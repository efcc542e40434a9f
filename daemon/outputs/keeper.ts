/** Output processes of relayed streams as the daemon keeps them. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SiteConfig } from "../../config/site.schema.ts";
import type { OutputEvent } from "../../machines/output/output.events.ts";
import type { Answer } from "../command-memory.ts";
import type { HostDiskOptions } from "../drivers/host-disk/options.ts";
import { endOthers, KeptProcess } from "../kept-process/kept-process.ts";
import { usualWatchdogMs } from "../relay/settings.ts";
import type { RelayedStream } from "../relays/with-relays.ts";
import type { CdnTarget } from "./cdn-push.ts";
import { purge } from "./purge.ts";
import type { OutputSettings, OutputTarget } from "./settings.ts";
import { OutputStatus } from "./status.ts";

type OutputConfig = SiteConfig["streams"][number]["outputs"][number];
/** What is told twice a second is passed on this often when nothing is new in it. */
const sameEveryMs = 5_000;
/** It holds its own end of the pipe open, so that the end of the relay is not its end. */
const holdsPipe = 'pipe=$1; shift; [ -p "$pipe" ] || mkfifo "$pipe"; exec "$@" <>"$pipe"';

export const outputsFolder = (stateDir: string): string => join(stateDir, "outputs");
/** What the relay of its stream writes into. */
export const pipeOf = (relay: Pick<RelayedStream, "folder">, output: string): string =>
  join(relay.folder, `${output}.pipe`);

/** Adopts what runs, ends what is not wanted any more, and begins nothing yet. */
export async function openOutputs(p: {
  config: SiteConfig;
  relays: readonly RelayedStream[];
  program: URL;
  tell: (output: string, event: OutputEvent) => void;
}): Promise<Map<string, OutputKeeper>> {
  const folder = outputsFolder(p.config.stateDir);
  const all = p.relays.flatMap((relay) => relay.outputs.map((output) => ({ relay, output })));
  await endOthers(
    folder,
    all.map(({ output }) => output.id),
  );
  const keepers = all.map(async ({ relay, output }) => {
    const keeper = new OutputKeeper({
      ...(relay.watchdogMs !== usualWatchdogMs && { watchdogMs: relay.watchdogMs }),
      target: targetOf(output, {
        ...{ stateDir: join(folder, output.id), gopS: relay.gopS, stream: relay.stream },
        ...{ sendsBps: relay.sendsBps, memory: relay.memory },
        storages: p.config.storages,
      }),
      ...{ output: output.id, pipe: pipeOf(relay, output.id) },
      program: fileURLToPath(p.program),
      stateDir: join(folder, output.id),
      tell: (event) => p.tell(output.id, event),
    });
    await keeper.open();
    return [output.id, keeper] as const;
  });
  return new Map(await Promise.all(keepers));
}

function targetOf(
  output: OutputConfig,
  p: {
    stateDir: string;
    stream: string;
    gopS: number;
    /** Of its relay. */
    memory: string;
    sendsBps: number | undefined;
    storages: SiteConfig["storages"];
  },
): OutputTarget {
  const { id, name: _, ...config } = output;
  if (config.kind === "hls" || config.kind === "ladder") return hlsTarget(id, config, p);
  if (config.kind === "udp" || config.kind === "rtp") {
    return { ...config, paceBps: config.paceBps ?? paceOf(p.sendsBps) };
  }
  if (config.kind !== "recording") return config;
  const { kind, storage, folder, container, fileMs, keepMs, keepAtMostBytes } = config;
  const disk = p.storages.find((one) => one.id === storage)?.options as HostDiskOptions | undefined;
  const [place] = disk?.places ?? [];
  return {
    ...{ kind, container, fileMs, keepMs, leastFreeRatio: config.leastFreePercent / 100 },
    ...(keepAtMostBytes !== undefined && { keepAtMostBytes }),
    // Two outputs may record into one place.
    name: `${p.stream}-${id}`,
    folder: folder ?? place!.path,
    isMountPoint: place?.mountPoint ?? false,
  };
}

/** What is sent by RTP must get through at any time: a keyframe takes longer, and nothing is lost. */
const paceOf = (sendsBps = 25_000_000) => Math.max(4 * sendsBps, 10_000_000);

function hlsTarget(
  id: string,
  config:
    | Omit<OutputConfig & { kind: "hls" }, "id" | "name">
    | Omit<OutputConfig & { kind: "ladder" }, "id" | "name">,
  p: { stateDir: string; gopS: number; memory: string },
): OutputTarget {
  const { segmentMs, windowMs, host, port, token, push } = config;
  const common = {
    ...{ folder: config.folder ?? join(p.stateDir, config.kind), segmentMs, windowMs },
    // A segment ends with the GOP in which it gets long enough.
    targetS: Math.ceil(Math.ceil(segmentMs / 1_000 / p.gopS - 0.05) * p.gopS),
    ...(port !== undefined && { listen: { host, port } }),
    ...(token !== undefined && { tokenSha256: createHash("sha256").update(token).digest("hex") }),
    ...(push && { push: pushOf(push, join(p.memory, `${id}.key`)) }),
  };
  return config.kind === "hls"
    ? { kind: "hls", container: config.container, ...common }
    : { kind: "ladder", sizes: config.sizes, ...common };
}

/** What signs lies in memory: what a process is started with shows in the host's process list. */
function pushOf(
  { s3, ...push }: NonNullable<(OutputConfig & { kind: "hls" })["push"]>,
  secretFile: string,
): CdnTarget {
  if (!s3) return push;
  mkdirSync(dirname(secretFile), { recursive: true, mode: 0o700 });
  writeFileSync(secretFile, s3.secretAccessKey, { mode: 0o600 });
  const { region, accessKeyId } = s3;
  return { ...push, s3: { region, accessKeyId, secretFile } };
}

export class OutputKeeper {
  readonly #output: string;
  readonly #target: OutputTarget;
  readonly #process: KeptProcess;
  readonly #tell: (event: OutputEvent) => void;
  /** One order after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #told: { run: string; shape: string; atMs: number } | undefined;
  /** Nothing is told before the site wants to hear. */
  #hasBegun = false;

  constructor(p: {
    output: string;
    /** Where it is not the usual one. */
    watchdogMs?: number;
    target: OutputTarget;
    pipe: string;
    program: string;
    stateDir: string;
    tell: (event: OutputEvent) => void;
  }) {
    this.#tell = p.tell;
    const { output, target, watchdogMs } = p;
    this.#output = output;
    this.#target = target;
    this.#process = new KeptProcess({
      stateDir: p.stateDir,
      command: ["/bin/sh", "-c", holdsPipe, "output", p.pipe, process.execPath, p.program],
      settings: (start) => {
        const settings: OutputSettings = {
          ...{ output, ...start },
          // What runs goes by the usual one without being told: with the same settings it goes on.
          ...(watchdogMs !== undefined && { watchdogMs }),
          target,
        };
        return { text: JSON.stringify(settings), secrets: secretsOf(target) };
      },
      heard: (datagram, run) => this.#hear(datagram, run),
      ended: (because) => {
        if (this.#hasBegun) this.#tell({ type: "ended", because });
      },
    });
  }

  open(): Promise<void> {
    return this.#process.open();
  }

  /** From now on it is told how it goes; first, whether anything runs. */
  begin(): void {
    this.#hasBegun = true;
    this.#tell({ type: this.#process.run === undefined ? "absent" : "found" });
  }

  /** It runs when this resolves, as before or from now on. */
  run(signal: AbortSignal): Promise<void> {
    const turn = this.#turn.then(() => this.#process.start(signal));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #hear(datagram: Buffer, run: string): void {
    const status = statusIn(datagram);
    if (!this.#hasBegun || status?.run !== run) return;
    const { run: _, ...reading } = status;
    const { state, why, conformity } = reading;
    const shape = JSON.stringify([state, why, conformity === null, conformity?.fault]);
    const atMs = performance.now();
    const told = this.#told;
    const isSame = told?.run === run && told.shape === shape;
    if (isSame && atMs - told.atMs < sameEveryMs - 250) return;
    this.#told = { run, shape, atMs };
    this.#tell({ type: "reading", reading });
  }

  /** Whether it runs or not: what a CDN has of it. */
  purge(): Promise<Answer> {
    return purge(this.#output, this.#target);
  }

  /** Lets go of it; it goes on. */
  close(): Promise<void> {
    return this.#process.close();
  }
}

function secretsOf(target: OutputTarget): string[] {
  const pushes = target.kind === "hls" || target.kind === "ladder";
  const secrets = [
    target.kind === "rtmp" ? target.streamKey : undefined,
    target.kind === "srt" ? target.passphrase : undefined,
    pushes ? target.push?.token : undefined,
  ];
  return secrets.filter((secret) => secret !== undefined);
}

function statusIn(datagram: Buffer): OutputStatus | undefined {
  try {
    return OutputStatus.safeParse(JSON.parse(datagram.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}
