import { z } from "zod";
import { nearest } from "./nearest.ts";
import { duplicates, listOf, text } from "./lenient.ts";
import type { Finding } from "./problems.ts";
import { ingestFindings, publisherFindings, sessionFeedFindings } from "./ingest.checks.ts";
import { listenerOf } from "./listeners.ts";
import { outputFindings } from "./output.checks.ts";
import { defaultPath } from "./default-path.ts";
import {
  type CannotFeedRelay,
  type FeedsRelay,
  type SetUpByHand,
  relayedFindings,
  relayListeners,
  relayPortFindings,
} from "./relayed.ts";
import { sessionFindings } from "./sessions.ts";
import { inputFindings, rovingFindings, spareFindings } from "./understudies.ts";
import { inlineSecrets } from "./secrets.ts";

/** Ids of the outputs an encoder has, from its driver's options; undefined = cannot be told. */
export type OutputsOf = ((driver: string, options: unknown) => readonly string[] | undefined) & {
  /** How encoders of a driver can bring pictures to a relay; undefined = not at all. */
  feedsRelay?: FeedsRelay;
  cannotFeedRelay?: CannotFeedRelay;
  setUpByHand?: SetUpByHand;
  /** Drivers of boxes. */
  isBox?: (driver: string) => boolean;
};

/** What the cross checks need, out of a file that may be wrong in any other way. */
const Lenient = z.object({
  mqtt: z
    .object({
      broker: z.object({ readers: listOf(z.object({ username: text }).catch({})) }).catch({
        readers: [],
      }),
    })
    .catch({ broker: { readers: [] } }),
  traps: z.unknown().optional(),
  ingests: listOf(
    z
      .object({
        ...{ id: text, kind: text, mode: text, host: text },
        ...{ port: z.unknown(), streamKey: z.unknown(), passphrase: z.unknown() },
        ...{ sessions: z.unknown(), authorise: z.unknown() },
      })
      .partial()
      .catch({}),
  ),
  encoders: listOf(
    z
      .looseObject({
        ...{ id: text, driver: text, outlet: text },
        // What else stands there is looked at for secrets.
        input: z.looseObject({ kind: text, ingest: text }).partial().catch({}),
      })
      .catch({ input: {} }),
  ),
  outlets: listOf(z.looseObject({ id: text }).catch({})),
  storages: listOf(z.looseObject({ id: text }).catch({})),
  destinations: listOf(
    z
      .object({
        id: text,
        takeover: text,
        backupAddress: z.unknown().optional(),
        srt: z.unknown().optional(),
        observers: listOf(
          z.object({ controlUrl: z.unknown(), blockUrl: z.unknown() }).partial().catch({}),
        ),
      })
      .catch({ backupAddress: "", observers: [] }),
  ),
  streams: listOf(
    z
      .object({
        id: text,
        destination: text,
        path: z.unknown().optional(),
        relay: z
          .object({ mode: text, host: text, port: z.unknown(), srt: z.unknown() })
          .partial()
          .catch({}),
        sessions: z.unknown().optional(),
        failback: z.unknown().optional(),
        events: z.unknown().optional(),
        carry: z.unknown().optional(),
        outputs: listOf(
          z
            .object({
              ...{ id: text, kind: text, host: text, storage: text },
              ...{ folder: z.unknown(), port: z.unknown(), token: z.unknown() },
            })
            .partial()
            .catch({}),
        ),
        encoders: listOf(
          z.union([
            z.string().transform((encoder) => ({ encoder, output: undefined, bare: true })),
            z
              .object({
                encoder: text,
                output: text,
                spare: z.unknown().optional(),
                level: z.unknown().optional(),
              })
              .transform((e) => ({ ...e, bare: false })),
            z.unknown().transform(() => ({ encoder: undefined, output: undefined, bare: true })),
          ]),
        ),
      })
      .catch({ relay: {}, outputs: [], encoders: [] }),
  ),
});

/**
 * The file as if each stream said by which path it goes out, and what to tell people of those that
 * do not say it.
 */
export function withPaths(raw: unknown, outputsOf?: OutputsOf): { raw: unknown; said: string[] } {
  const lenient = Lenient.safeParse(raw, { jitless: true });
  const written = (raw as { streams?: unknown } | null)?.streams;
  if (!lenient.success || !Array.isArray(written)) return { raw, said: [] };
  const { ingests, encoders, destinations, streams } = lenient.data;
  const said: string[] = [];
  for (const [at, stream] of streams.entries()) {
    if (stream.path !== undefined) continue;
    const chosen = defaultPath({
      ...{ stream, before: streams.slice(0, at), after: streams.slice(at + 1), ingests, encoders },
      takeover: destinations.find(({ id }) => id === stream.destination)?.takeover,
      feedsRelay: outputsOf?.feedsRelay,
      cannotFeedRelay: outputsOf?.cannotFeedRelay,
      setUpByHand: outputsOf?.setUpByHand,
      isBox: outputsOf?.isBox,
    });
    stream.path = chosen.path;
    if (chosen.said !== undefined) said.push(chosen.said);
  }
  const filled = (written as unknown[]).map((stream, at) =>
    isSection(stream) ? { path: streams[at]?.path, ...stream } : stream,
  );
  return { raw: { ...(raw as object), streams: filled }, said };
}

const isSection = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Names that must match across sections, and secrets that stand where no schema of ours looks. */
export function siteChecks(raw: unknown, outputsOf?: OutputsOf): Finding[] {
  const lenient = Lenient.safeParse(raw, { jitless: true });
  if (!lenient.success) return [];
  const { mqtt, traps, ingests, encoders, outlets, storages, destinations, streams } = lenient.data;
  const ofPushers = {
    encoders,
    feedsRelay: outputsOf?.feedsRelay,
    setUpByHand: outputsOf?.setUpByHand,
  };
  const listeners = [
    ...ingests.flatMap((ingest, at) => listenerOf(ingest, at) ?? []),
    ...streams.flatMap((stream, at) => relayListeners(stream, at, ofPushers)),
  ];
  return [
    ...duplicates("mqtt.broker.readers", "username", mqtt.broker.readers),
    ...duplicates("ingests", "id", ingests),
    ...ingestFindings(ingests),
    ...publisherFindings(ingests),
    ...sessionFeedFindings({ ingests, encoders, streams }),
    ...outputFindings(streams, listeners, storages),
    ...duplicates("encoders", "id", encoders),
    ...inputFindings(encoders),
    ...rovingFindings(encoders, streams),
    ...duplicates("outlets", "id", outlets),
    ...duplicates("storages", "id", storages),
    ...storages.flatMap((storage, at) => takenByBox(storage, at, encoders)),
    ...duplicates("destinations", "id", destinations),
    ...duplicates("streams", "id", streams),
    ...destinations.flatMap((destination, at) =>
      destination.takeover === "primaryBackup" && destination.backupAddress === undefined
        ? [
            {
              path: ["destinations", at, "backupAddress"],
              what: "is missing, takeover primaryBackup publishes to two addresses",
            },
          ]
        : [],
    ),
    ...destinations.flatMap(({ observers }, at) => blocksWithoutDrop(observers, at)),
    ...relayPortFindings({ ingests, streams, ...ofPushers }),
    ...streams.flatMap((stream, at) => [
      ...unknownId(["streams", at, "destination"], "destination", stream.destination, destinations),
      ...sharedDestination(streams, at),
      ...sessionFindings({
        path: ["streams", at, "sessions"],
        stream,
        takeover: destinations.find(({ id }) => id === stream.destination)?.takeover,
      }),
      ...relayedFindings({
        path: ["streams", at],
        stream,
        encoders,
        takeover: destinations.find(({ id }) => id === stream.destination)?.takeover,
        feedsRelay: outputsOf?.feedsRelay,
        cannotFeedRelay: outputsOf?.cannotFeedRelay,
        setUpByHand: outputsOf?.setUpByHand,
        isBox: outputsOf?.isBox,
      }),
      ...spareFindings({
        path: ["streams", at, "encoders"],
        listed: stream.encoders,
        encoders,
        takeover: destinations.find(({ id }) => id === stream.destination)?.takeover,
      }),
      ...srtOfBoxes({
        ...{ path: ["streams", at, "encoders"], stream, encoders, isBox: outputsOf?.isBox },
        srt: destinations.find(({ id }) => id === stream.destination)?.srt,
      }),
      ...stream.encoders.flatMap(({ encoder, output, bare }, place) => {
        const path = ["streams", at, "encoders", place];
        const twice = stream.encoders.findIndex((other) => other.encoder === encoder) < place;
        return [
          ...unknownId(bare ? path : [...path, "encoder"], "encoder", encoder, encoders),
          ...(encoder !== undefined && twice
            ? [{ path, what: `names ${encoder} a second time in this stream` }]
            : []),
          ...unknownOutput([...path, "output"], output, encoder, encoders, outputsOf),
        ];
      }),
    ]),
    ...encoders.flatMap(({ input }, at) =>
      input.kind === "ingest"
        ? unknownId(["encoders", at, "input", "ingest"], "ingest", input.ingest, ingests)
        : [],
    ),
    ...encoders.flatMap(({ outlet }, at) => [
      ...unknownId(["encoders", at, "outlet"], "outlet", outlet, outlets),
      ...sharedOutlet(encoders, at),
    ]),
    ...inlineSecrets(traps, ["traps"]),
    ...encoders.flatMap((encoder, at) => inlineSecrets(encoder, ["encoders", at])),
    ...outlets.flatMap((outlet, at) => inlineSecrets(outlet, ["outlets", at])),
    ...storages.flatMap((storage, at) => inlineSecrets(storage, ["storages", at])),
  ];
}

/** A box is told an address and a key, and nothing more of SRT. */
function srtOfBoxes(p: {
  path: Finding["path"];
  stream: { path?: unknown; encoders: { encoder?: string | undefined }[] };
  encoders: { id?: string | undefined; driver?: string | undefined }[];
  isBox: OutputsOf["isBox"];
  srt: unknown;
}): Finding[] {
  if (p.srt === undefined || p.stream.path === "relayed") return [];
  return p.stream.encoders.flatMap(({ encoder }, place) => {
    const driver = p.encoders.find(({ id }) => id !== undefined && id === encoder)?.driver;
    if (driver === undefined || p.isBox?.(driver) !== true) return [];
    const what = `${encoder} is ${driver}, which cannot be told the srt of its destination; use path relayed`;
    return [{ path: [...p.path, place], what }];
  });
}

/** The media of a box are published as a storage of the box's id. */
function takenByBox(
  { id }: { id?: string | undefined },
  at: number,
  encoders: { id?: string | undefined }[],
): Finding[] {
  const box = encoders.findIndex((encoder) => encoder.id === id);
  if (id === undefined || box === -1) return [];
  const what = `is the id of encoders[${box}], whose own media are called so`;
  return [{ path: ["storages", at, "id"], what }];
}

/** A publisher that is only refused from now on still publishes: it has to be dropped, too. */
function blocksWithoutDrop(
  observers: { controlUrl?: unknown; blockUrl?: unknown }[],
  at: number,
): Finding[] {
  return observers.flatMap(({ controlUrl, blockUrl }, place) =>
    blockUrl !== undefined && controlUrl === undefined
      ? [
          {
            path: ["destinations", at, "observers", place, "controlUrl"],
            what: "is missing, with blockUrl alone the publisher is never dropped",
          },
        ]
      : [],
  );
}

function unknownId(
  path: Finding["path"],
  kind: string,
  id: string | undefined,
  known: { id?: string | undefined }[],
): Finding[] {
  const ids = known.flatMap((item) => item.id ?? []);
  if (id === undefined || ids.includes(id)) return [];
  const guess = nearest(id, ids);
  const hint = guess === undefined ? "" : `, nearest known ${kind}: ${guess}`;
  return [{ path, what: `there is no ${kind} ${JSON.stringify(id)}${hint}` }];
}

function sharedDestination(streams: { destination?: string | undefined }[], at: number): Finding[] {
  const destination = streams[at]?.destination;
  const first = streams.findIndex((stream) => stream.destination === destination);
  if (destination === undefined || first === at) return [];
  return [
    {
      path: ["streams", at, "destination"],
      what: `${destination} already belongs to streams[${first}], a stream key has one owner`,
    },
  ];
}

/** Cutting it would take down a box that nobody asked about. */
function sharedOutlet(encoders: { outlet?: string | undefined }[], at: number): Finding[] {
  const outlet = encoders[at]?.outlet;
  const first = encoders.findIndex((encoder) => encoder.outlet === outlet);
  if (outlet === undefined || first === at) return [];
  return [
    {
      path: ["encoders", at, "outlet"],
      what: `${outlet} already powers encoders[${first}], one outlet has one box`,
    },
  ];
}

function unknownOutput(
  path: Finding["path"],
  output: string | undefined,
  encoder: string | undefined,
  encoders: { id?: string | undefined; driver?: string | undefined }[],
  outputsOf: OutputsOf | undefined,
): Finding[] {
  const owner = encoders.find(({ id }) => id !== undefined && id === encoder);
  if (owner?.driver === undefined) return [];
  const outputs = outputsOf?.(owner.driver, owner);
  if (outputs?.length === 0) {
    const what = `${encoder} has no output that could carry a stream, ${owner.driver} only looks`;
    return [{ path: path.slice(0, -1), what }];
  }
  if (outputs === undefined || output === undefined || outputs.includes(output)) return [];
  const what = `${encoder} has no output ${JSON.stringify(output)}, it has ${outputs.join(", ")}`;
  return [{ path, what }];
}
