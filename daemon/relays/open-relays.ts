/** All relays of a site: those that are configured are found again, others are ended. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pusherOf } from "../../machines/stream/relay/names.ts";
import type { Scan } from "../../machines/content/scan.ts";
import type { MediaClock } from "../../machines/stream/relay/media-clock.ts";
import type { Measures } from "../../machines/stream/relay/measures.ts";
import type { RelayWord } from "../../machines/stream/relay/relay.ts";
import type { SlateFormat } from "../../machines/stream/slate-format.ts";
import { freeLock } from "../drivers/shared/engine/ending.ts";
import { EngineDirectory } from "../drivers/shared/engine/engine-directory.ts";
import { type RelaySettings, usualWatchdogMs } from "../relay/settings.ts";
import { launcher } from "../drivers/index.ts";
import { memoryFolder } from "./memory-folder.ts";
import { pipeOf } from "../outputs/keeper.ts";
import { openRelayProcess, pusherOutput, type RelayProcess } from "./relay-process.ts";
import { slatePath } from "./slates.ts";
import { watchFeeds } from "./watch-feeds.ts";
import { latenciesFile, type RelayedStream, relaysFolder } from "./with-relays.ts";

export type RelayNews =
  | { type: "relay.report"; report: RelayWord }
  | { type: "relay.measured"; inputs: Readonly<Record<string, Measures>> }
  | { type: "relay.lost"; because: string };

/**
 * Before anything is decided: a relay of a stream that is not relayed any more is ended, and with it
 * what published for it and what fed it.
 */
export async function endOtherRelays(stateDir: string, relays: readonly RelayedStream[]) {
  const never = new AbortController().signal;
  await endOtherFeeds(stateDir, relays);
  for (const stream of foldersIn(relaysFolder(stateDir))) {
    if (relays.some((relay) => relay.stream === stream)) continue;
    // What is in memory only, where there is no memory.
    if (stream.startsWith(".")) continue;
    const folder = join(relaysFolder(stateDir), stream);
    await freeLock(new EngineDirectory(folder, "relay").lock, [], never);
    const pusher = new EngineDirectory(join(stateDir, "encoders", pusherOf(stream)), "stream-1");
    await freeLock(pusher.lock, [], never);
    const memory = join(memoryFolder(relaysFolder(stateDir), process.env), stream);
    for (const left of [folder, memory]) rmSync(left, { recursive: true, force: true });
  }
}

/**
 * Encoders that write for a relay which is not there: nobody would read it, or stop them. One that
 * pushes ends by itself when nobody takes it in.
 */
async function endOtherFeeds(stateDir: string, relays: readonly RelayedStream[]): Promise<void> {
  const addresses = relays.flatMap(({ inputs }) => inputs.map(({ address }) => address));
  for (const encoder of foldersIn(join(stateDir, "encoders"))) {
    const folder = join(stateDir, "encoders", encoder);
    for (const output of foldersIn(join(folder, "engines"))) {
      const directory = new EngineDirectory(folder, output);
      const { address = "" } = directory.record() ?? {};
      if (!address.startsWith("spool:") || addresses.includes(address)) continue;
      await freeLock(directory.lock, [], new AbortController().signal);
    }
  }
}

export async function openRelays(p: {
  stateDir: string;
  relays: readonly RelayedStream[];
  /** The relay's program. */
  program: string;
  tell: (stream: string, news: RelayNews) => void;
  slateFormat: (stream: string) => SlateFormat | undefined;
  scans: (stream: string) => Readonly<Record<string, Scan>>;
  /** Of the pictures that this ingest passes on. */
  clockOf: (ingest: string) => MediaClock | null | undefined;
}): Promise<Map<string, RelayProcess>> {
  const opened = p.relays.map(async (relay) => {
    const { stream, folder } = relay;
    // Before any encoder is started into it.
    const folders = relay.inputs.map(({ spool }) => spool);
    for (const made of [...folders, ...(relay.splices === undefined ? [] : [relay.splices])])
      mkdirSync(made, { recursive: true, mode: 0o700 });
    const process = await openRelayProcess({
      ...{ stream, folder, program: p.program, launcher: launcher() },
      settings: settingsOf(relay),
      slateFormat: () => p.slateFormat(stream),
      scans: () => p.scans(stream),
      clockOf: (encoder) => {
        const ingest = relay.inputs.find((it) => it.encoder === encoder)?.ingest;
        return ingest === undefined ? undefined : p.clockOf(ingest);
      },
      declared: Object.fromEntries(relay.inputs.map((it) => [it.encoder, it.declared])),
      heard: (report) => p.tell(stream, { type: "relay.report", report }),
      measured: (inputs) => p.tell(stream, { type: "relay.measured", inputs }),
      lost: (because) => p.tell(stream, { type: "relay.lost", because }),
    });
    const unwatch = watchFeeds(p.stateDir, relay.inputs, (encoder) => process.ended(encoder));
    const close = () => {
      unwatch();
      return process.close();
    };
    return [stream, { ...process, close }] as const;
  });
  return new Map(await Promise.all(opened));
}

type Settings = Omit<RelaySettings, "watchdogMs" | "mostBytes" | "mode"> & {
  mode: { kind: RelayedStream["mode"]; sourceClocked?: boolean };
  watchdogMs?: number;
};

function settingsOf(relay: RelayedStream): Settings {
  const { stream, folder, memory, pipe, form, mode, inputs, outputs, watchdogMs } = relay;
  const { splices, sourceClocked } = relay;
  const ids = inputs.map(({ encoder }) => encoder);
  return {
    stream,
    inputs: inputs.map(({ encoder, spool }) => ({ id: encoder, folder: spool })),
    outputs: [
      { id: pusherOutput, path: pipe, form },
      ...outputs.map(({ id }) => ({ id, path: pipeOf(relay, id), form: "mpegts" as const })),
    ],
    mode: { kind: mode, ...(mode === "next-keyframe" && sourceClocked && { sourceClocked }) },
    // What runs goes by the usual one without being told: with the same settings it goes on.
    ...(watchdogMs !== usualWatchdogMs && { watchdogMs }),
    controlPath: join(folder, "control"),
    statePath: join(memory, "state"),
    ...(splices !== undefined && { splices: { folder: splices } }),
    slate: { path: slatePath(folder) },
    ...(mode !== "gop-atomic" && { latenciesPath: latenciesFile(folder) }),
    // Until it is told others.
    orders: { generation: 0, eligible: ids, preferred: ids[0]! },
  };
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
