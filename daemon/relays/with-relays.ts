/**
 * A relayed stream as the rest of the daemon knows it: what publishes for the relay is run like an
 * encoder, and each of its encoders carries a small stream of its own, whose far end is the relay.
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { relayModeOf } from "../../config/relayed.ts";
import { splicesFrom } from "../../config/splices.ts";
import { bitrateBps } from "../../config/uplink.ts";
import type { IngestConfig, SiteConfig } from "../../config/site.schema.ts";
import type { RelayPlan } from "../../machines/site/plan.ts";
import { feedOf, pusherOf } from "../../machines/stream/relay/names.ts";
import type { FfmpegOptions } from "../drivers/ffmpeg/options.ts";
import { ingestIn, takesAnyIngest } from "../drivers/shared/engine/ingest-input.ts";
import type { PusherOptions } from "../drivers/ffmpeg/pusher.ts";
import type { Vendor } from "../drivers/index.ts";
import type { SessionKeys } from "../ingest/session-keys.ts";
import type { SlateFields } from "../relay/make-slate.ts";
import type { Form } from "../relay/muxes.ts";
import { seenAtFarEnd } from "../commissioning/seen-at-far-end.ts";
import { type Declared, declaredFor } from "./declared.ts";
import { memoryFolder } from "./memory-folder.ts";
import { slateFields, type SlateOf } from "./slates.ts";

export const pusherDriver = "relay-pusher";

export type RelayedStream = {
  stream: string;
  /** What publishes for it, as an encoder. */
  pusher: string;
  /** Its settings, its pipe and what is known of its process. */
  folder: string;
  pipe: string;
  /** In which it is written into the pipe. */
  form: Form;
  /** In memory: what is written with every picture. */
  memory: string;
  /** How it goes from one to the other. */
  mode: ReturnType<typeof relayModeOf>;
  /** Its encoders have their source's times and the same GOPs, in whatever mode. */
  sourceClocked: boolean;
  /** `spool`: the folder in memory that is filled for it and that the relay reads. */
  inputs: (RelayPlan["inputs"][number] & {
    spool: string;
    declared: Declared;
    door?: Door;
    /** Whose times it keeps. */
    ingest: string | undefined;
    /** Where the encoder publishes to. */
    address: string;
    isProcess: boolean;
    /** It is for several streams, and does not run until it is called in. */
    isSpare: boolean;
    isCold: boolean;
  })[];
  /** Of these: who may publish itself when the relay cannot be kept up. */
  directly: RelayedStream["inputs"];
  outputs: Stream["outputs"];
  band: RelayPlan["band"];
  /** An input that is silent for so long is taken for dead, ms. */
  watchdogMs: number;
  /** From keyframe to keyframe of its encoders, s, as far as is known. */
  gopS: number;
  /** The most that one of its encoders sends, as far as is known. */
  sendsBps: number | undefined;
  /** Where its ingest puts the splice information that goes out with it. */
  splices: string | undefined;
  slate: SlateFields;
  formFrom: SlateOf["formFrom"];
  /** Of the slate, as far as the configuration says it itself. */
  text: string | undefined;
  clock: boolean;
};

/** Where an encoder pushes to, each with a key of its own: what takes it in fills the spool. */
type Door = { host: string; port: number } & (
  { kind: "rtmp"; streamKey: string } | { kind: "srt"; passphrase: string; latencyMs: number }
);
const doorApp = "relay";

type Stream = SiteConfig["streams"][number];
type Box = SiteConfig["encoders"][number];

/** What was measured of its encoders, beside its settings. */
export const latenciesFile = (folder: string): string => join(folder, "latencies.json");

/** Encoders of which nobody has measured how much later one is than the other, in words. */
export function latencyWarnings(relays: readonly RelayedStream[]): string[] {
  const unknown = relays.filter(
    ({ mode, folder, inputs }) =>
      mode !== "gop-atomic" &&
      inputs.filter(({ isSpare }) => !isSpare).length > 1 &&
      !existsSync(latenciesFile(folder)),
  );
  return unknown.map(
    ({ stream }) =>
      `${stream}: how much later one of its encoders is than the other is not known: a switch may lose ` +
      "or repeat as much; measure it with `understudy calibrate`",
  );
}

/** Who could not go on without its relay, in words. */
export function fallBackWarnings(relays: readonly RelayedStream[]): string[] {
  return relays.flatMap(({ stream, inputs, directly }) => {
    const names = (of: RelayedStream["inputs"]) => of.map(({ encoder }) => encoder).join(", ");
    const others = inputs.filter((input) => !directly.includes(input));
    if (others.length === 0) return [];
    const what =
      directly.length === 0
        ? "nothing falls back to path direct, and a person is called"
        : `only ${names(directly)} can publish in its place`;
    return [
      `${stream}: when its relay cannot be kept up ${what}; \`understudy commission --rehearse\` has not seen ${names(others)} reach its far end`,
    ];
  });
}

/** In memory; no stream has a name like this. */
const splicesFolder = ".splices";

/**
 * The folder of each ingest for the splice information that a relayed stream takes from it: of those
 * that look for any.
 */
export const splicesOf = (relays: readonly RelayedStream[], ingest: string): string | undefined =>
  relays.find(({ splices }) => splices !== undefined && basename(splices) === ingest)?.splices;

export const relaysFolder = (stateDir: string): string => join(stateDir, "relays");

/** Lays the relayed streams out. */
export function withRelays(
  config: SiteConfig,
  vendors: Readonly<Record<string, Vendor>>,
  keyOf: SessionKeys,
  env: NodeJS.ProcessEnv = process.env,
): { config: SiteConfig; relays: RelayedStream[] } {
  const relays = config.streams
    .filter(({ path }) => path === "relayed")
    .map((stream) => relayed(stream, config, { vendors, keyOf, env }));
  const relayOf = (id: string) => relays.find(({ stream }) => stream === id);
  return {
    relays,
    config: {
      ...config,
      ingests: [...config.ingests, ...relays.flatMap((relay) => relay.inputs.flatMap(doorOf))],
      encoders: [...config.encoders, ...relays.map((relay) => pusher(config, relay))],
      destinations: [
        ...config.destinations,
        ...relays.flatMap((relay) => relay.inputs.map((input) => feedEnd(config, relay, input))),
      ],
      streams: config.streams.flatMap((stream) => {
        const relay = relayOf(stream.id);
        return relay ? [published(stream, relay), ...relay.inputs.map(feed(stream))] : [stream];
      }),
    },
  };
}

function relayed(
  stream: Stream,
  config: SiteConfig,
  {
    vendors,
    keyOf,
    env,
  }: { vendors: Readonly<Record<string, Vendor>>; keyOf: SessionKeys; env: NodeJS.ProcessEnv },
): RelayedStream {
  const { id, encoders, outputs, relay } = stream;
  const driverOf = (encoder: string) => config.encoders.find((box) => box.id === encoder)!.driver;
  const vendorOf = (encoder: string) => vendors[driverOf(encoder)]!;
  const pushers = encoders.filter(({ encoder }) => vendorOf(encoder).feedsRelay === "push");
  const folder = join(relaysFolder(config.stateDir), id);
  const to = config.destinations.find(({ id }) => id === stream.destination)!;
  const form = /^rtmps?:/.test(to.address) ? "flv" : "mpegts";
  const memory = join(memoryFolder(relaysFolder(config.stateDir), env), id);
  const wasSeen = seenAtFarEnd(config.stateDir);
  const ingest = splicesFrom(stream, config);
  const heard = ingestIn(firstOf(config, stream).options);
  // A spare takes the first one's.
  const heardBy = ({ options }: Box) => (takesAnyIngest(options) ? heard : ingestIn(options));
  const inputs = encoders.map((ref) => {
    const { encoder } = ref;
    const output = "output" in ref ? ref.output : undefined;
    const leg = feedOf(id, encoder);
    const { kind, outputs } = vendorOf(encoder);
    const isProcess = kind === "software";
    const place = pushers.indexOf(ref);
    const spool = join(memory, encoder);
    const box = config.encoders.find((box) => box.id === encoder)!;
    const declared = declaredFor(stream, box);
    const isSpare = "spare" in ref && ref.spare;
    const isCold = isSpare && "level" in ref && ref.level === "cold";
    const input = {
      ...{ encoder, output: output ?? outputs[0]!, leg, spool, isProcess, declared },
      ...{ isSpare, isCold, ingest: place === -1 ? heardBy(box) : undefined },
    };
    if (place === -1) return { ...input, address: `spool:${spool}` };
    const host = isProcess ? "127.0.0.1" : relay.host!;
    const port = relay.port + place;
    const at = `${hostPart(host)}:${port}`;
    if (relay.srt && vendorOf(encoder).setUpByHand?.(box.options as Record<string, unknown>)) {
      const { passphrase, latencyMs } = relay.srt;
      const door = { kind: "srt" as const, host, port, passphrase, latencyMs };
      return { ...input, door, address: `srt://${at}` };
    }
    // No session has an id like this.
    const streamKey = keyOf(`relay/${leg}`);
    const door = { kind: "rtmp" as const, host, port, streamKey };
    return { ...input, door, address: `rtmp://${at}/${doorApp}` };
  });
  return {
    stream: id,
    pusher: pusherOf(id),
    ...{ folder, memory, pipe: join(folder, `selected.${form}`), form, outputs },
    band: relay.band,
    watchdogMs: relay.watchdogMs,
    splices: ingest === undefined ? undefined : join(dirname(memory), splicesFolder, ingest),
    mode: relayModeOf(relay.mode, pushers.length > 0),
    sourceClocked: pushers.length === 0 && areSourceClocked(encoders, config),
    gopS: gopOf(encoders[0]!.encoder, config),
    sendsBps: sendsBps(encoders, config),
    ...slateFields(stream, firstOf(config, stream)),
    text: stream.slate.text,
    clock: stream.slate.clock,
    inputs,
    directly: inputs.filter(({ encoder }) => wasSeen(encoder, to.address)),
  };
}

/** What takes one in that pushes: an ingest that nobody but the relay hears. */
function doorOf({ leg, door }: RelayedStream["inputs"][number]): IngestConfig[] {
  if (!door) return [];
  const own = { id: leg, sessions: false };
  return [
    door.kind === "rtmp"
      ? { ...own, app: doorApp, ...door }
      : { ...own, mode: "listener", ...door },
  ];
}

/** As path relayed demands it of encoders that are taken by whole GOPs. */
function areSourceClocked(listed: Stream["encoders"], config: SiteConfig): boolean {
  const [first, ...others] = listed.map(({ encoder }) => gopOf(encoder, config));
  return (
    others.every((gopS) => gopS === first) &&
    listed.every(({ encoder }) => {
      const { options } = config.encoders.find(({ id }) => id === encoder)!;
      const { kind } = (options as Partial<FfmpegOptions>).input ?? {};
      return kind === "udp" || kind === "ingest";
    })
  );
}

/** A box is set by hand: two seconds are usual. */
function gopOf(id: string, { encoders }: SiteConfig): number {
  const { options } = encoders.find((box) => box.id === id)!;
  return (options as Partial<FfmpegOptions>).video?.gopSeconds ?? 2;
}

function sendsBps(listed: Stream["encoders"], { encoders }: SiteConfig): number | undefined {
  const all = listed.map((ref) => bitrateBps(encoders.find(({ id }) => id === ref.encoder)!));
  return all.every((bps) => bps !== undefined) ? Math.max(...all) : undefined;
}

const firstOf = (config: Pick<SiteConfig, "encoders">, { encoders: [first] }: Stream): Box =>
  config.encoders.find(({ id }) => id === first!.encoder)!;

/** As little of an encoder as there can be: nothing of it is cooled, repaired or practised. */
function pusher(
  { encoders, streams }: SiteConfig,
  { stream, pusher: id, pipe, form }: RelayedStream,
): Box {
  const like = firstOf(
    { encoders },
    streams.find(({ id }) => id === stream)!,
  );
  const { video, audio, program: own } = like.options as Partial<FfmpegOptions>;
  const program = like.driver === "gstreamer" ? undefined : own;
  const options: PusherOptions = {
    outputs: ["stream-1"],
    suspectAfterMs: 1_000,
    firstFrameGraceMs: 10_000,
    stopGraceMs: 1_000,
    ...{ pipe, form },
    ...(video && audio && { bitrateBps: video.bitrateBps + audio.bitrateBps }),
    program: program ?? "/usr/bin/ffmpeg",
  };
  const { outlet: _, preview: __, name: ___, source: ____, playbooks: _____, ...rest } = like;
  return { ...rest, id, driver: pusherDriver, practise: "observe", sync: "observe", options };
}

/**
 * Every second time that what takes it in tells how it goes: by SRT it is counted twice a second,
 * too, and the same figure told twice is no standstill.
 */
const lookAtInputEveryMs = 1_000;

/** The relay, as the far end of one encoder: what takes it in is who looks. */
function feedEnd(
  { destinations, streams }: SiteConfig,
  { stream }: RelayedStream,
  { leg, address, door }: RelayedStream["inputs"][number],
): SiteConfig["destinations"][number] {
  const to = streams.find(({ id }) => id === stream)!.destination;
  const {
    name: _,
    profile: __,
    backupAddress: ___,
    offAirEndsEventAfterMs: ____,
    srt: _____,
    ...like
  } = destinations.find(({ id }) => id === to)!;
  return {
    ...like,
    ...{
      ...{ id: leg, address },
      streamKey: door?.kind === "rtmp" ? door.streamKey : "no-key-is-needed",
    },
    ...{ takeover: "exclusive", test: false, allowUnproven: false },
    ...{ observers: [], observeEveryMs: lookAtInputEveryMs },
  };
}

const hostPart = (host: string) => (host.includes(":") ? `[${host}]` : host);

/** A picture is not made smaller and nothing is set on what only passes it on. */
function published(stream: Stream, { pusher: encoder }: RelayedStream): Stream {
  const { settings: _, ...rest } = stream;
  return { ...rest, encoders: [{ encoder }] };
}

const feed =
  (stream: Stream) =>
  ({ encoder, output, leg, isSpare, isCold }: RelayedStream["inputs"][number]): Stream => {
    const { name: _, events: __, ...like } = stream;
    const { lost, black, frozen, silent } = stream.content;
    const seen = <F extends object>(fault: F) => ({ ...fault, do: "observe" as const });
    return {
      ...like,
      ...{ id: leg, destination: leg, autoStart: false, failbackMs: null, outputs: [] },
      // The relay's programme is what is judged by its picture.
      content: {
        ...stream.content,
        ...{ lost: seen(lost), black: seen(black), frozen: seen(frozen), silent: seen(silent) },
      },
      encoders: [{ encoder, output, spare: isSpare, level: isCold ? "cold" : "hot" }],
    };
  };
