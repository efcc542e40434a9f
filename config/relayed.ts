/** What a stream on path `relayed` needs, and what is not built for it yet. */
import { feedOf } from "../machines/stream/relay/names.ts";
import { isTakenBy, type LenientIngest, type Listener, listenerOf } from "./listeners.ts";
import type { Finding } from "./problems.ts";
import { takesAnyIngest } from "./understudies.ts";
import { firstRelayPort, relayModes } from "./relay.schema.ts";

type Box = { id?: string | undefined; driver?: string | undefined; [key: string]: unknown };
type Listed = { encoder?: string | undefined; spare?: unknown; level?: unknown };
type Stream = {
  id?: string | undefined;
  path?: unknown;
  relay: { mode?: string | undefined; host?: string | undefined; port?: unknown; srt?: unknown };
  sessions?: unknown;
  failback?: unknown;
  carry?: unknown;
  encoders: readonly Listed[];
};

/**
 * Of drivers, how their encoders bring pictures to a relay: `push`: to a port of its own on this
 * host, with a clock and GOPs of its own.
 */
export type FeedsRelay = (driver: string) => "spool" | "push" | undefined;
/** Why one of a driver that is written so could not all the same. */
export type CannotFeedRelay = (driver: string, written: Box) => string | undefined;

/** How encoders of these kinds are taken from one to the other, where nobody says. */
export const relayModeOf = (
  said: string | undefined,
  somePush: boolean,
): (typeof relayModes)[number] =>
  relayModes.find((mode) => mode === said) ?? (somePush ? "delay-line" : "gop-atomic");

/** Destinations that were set up by hand in one that is written so: it is told no others. */
export type SetUpByHand = (
  driver: string,
  written: Box,
) => Readonly<Record<string, unknown>> | undefined;

/**
 * @param p.feedsRelay undefined = cannot be told
 * @param p.isBox drivers of boxes, which reach this host by the network
 */
export function relayedFindings(p: {
  path: Finding["path"];
  stream: Stream;
  encoders: readonly Box[];
  takeover: string | undefined;
  feedsRelay: FeedsRelay | undefined;
  cannotFeedRelay: CannotFeedRelay | undefined;
  setUpByHand: SetUpByHand | undefined;
  isBox: ((driver: string) => boolean) | undefined;
}): Finding[] {
  const { stream, path } = p;
  if (stream.path !== "relayed") {
    const unseen = "needs path relayed: the relay sees what the encoders bring";
    return [
      ...(stream.carry === undefined ? [] : [{ path: [...path, "carry"], what: unseen }]),
      ...stream.encoders.flatMap(({ level }, place) => {
        if (level !== "hot") return [];
        const what =
          "hot is not possible on path direct: an encode of its own has nowhere to go; use warm";
        return [{ path: [...path, "encoders", place, "level"], what }];
      }),
    ];
  }
  const somePush = pushersOf(stream, p.encoders, p.feedsRelay).length > 0;
  const isAtomic = relayModeOf(stream.relay.mode, somePush) === "gop-atomic";
  const says = (key: string, is: boolean, what: string): Finding[] =>
    is ? [{ path: [...path, key], what }] : [];
  return [
    ...says(
      "sessions",
      stream.sessions === true,
      "is true, which path relayed is not built for yet",
    ),
    ...says(
      "failback",
      stream.failback !== undefined && stream.failback !== "manual",
      "is a time: on path relayed only `manual` is built yet",
    ),
    ...says(
      "path",
      p.takeover === "primaryBackup",
      "relayed is not built for two addresses (takeover primaryBackup) yet",
    ),
    ...stream.encoders.flatMap((listed, place) =>
      encoderFindings({ ...p, path: [...path, "encoders", place], listed, isAtomic }),
    ),
    ...pairFindings(p, isAtomic),
    ...pushFindings(p),
  ];
}

/** Who pushes makes GOPs of its own; a box has to be told where this host is. */
function pushFindings({ path, stream, encoders, feedsRelay, isBox }: PairOf): Finding[] {
  const pushers = pushersOf(stream, encoders, feedsRelay);
  const [first] = pushers;
  const box = pushers.find(({ driver }) => isBox?.(driver));
  const { mode, host } = stream.relay;
  return [
    ...(mode === "gop-atomic" && first
      ? [
          {
            path: [...path, "relay", "mode"],
            what: `is gop-atomic, but ${first.id} makes GOPs of its own: use delay-line or next-keyframe`,
          },
        ]
      : []),
    ...(host === undefined && box
      ? [
          {
            path: [...path, "relay", "host"],
            what: `is missing: ${box.id} pushes to this host, by which address does it reach it?`,
          },
        ]
      : []),
  ];
}

const pushersOf = (
  stream: Stream,
  encoders: readonly Box[],
  feedsRelay: FeedsRelay | undefined,
): { id: string; driver: string; box: Box }[] =>
  stream.encoders.flatMap((listed) => {
    const box = boxOf(encoders, listed);
    const { id, driver = "" } = box ?? {};
    return box && id !== undefined && feedsRelay?.(driver) === "push" ? [{ id, driver, box }] : [];
  });

/** Two that listen at one port: the second would never come up. */
export function relayPortFindings(
  p: { ingests: readonly LenientIngest[]; streams: readonly Stream[] } & OfPushers,
): Finding[] {
  const taken = p.ingests.flatMap((ingest, at) => listenerOf(ingest, at) ?? []);
  return p.streams.flatMap((stream, at) => {
    const own = relayListeners(stream, at, p);
    const clash = own
      .map((door) => [door, taken.find((other) => isTakenBy(door, other))] as const)
      .find(([, other]) => other);
    taken.push(...own);
    if (!clash) return [];
    const [{ over, port }, other] = clash;
    const what = `leads to ${over} ${port}, at which ${other!.name} listens already`;
    return [{ path: ["streams", at, "relay", "port"], what }];
  });
}

type OfPushers = {
  encoders: readonly Box[];
  feedsRelay: FeedsRelay | undefined;
  setUpByHand: SetUpByHand | undefined;
};

/** Where the encoders of a stream push to, one port after the other. */
export function relayListeners(stream: Stream, at: number, p: OfPushers): Listener[] {
  if (stream.path !== "relayed") return [];
  const first = typeof stream.relay.port === "number" ? stream.relay.port : firstRelayPort;
  return pushersOf(stream, p.encoders, p.feedsRelay).map(({ driver, box }, place) => {
    const byHand = p.setUpByHand?.(driver, box) !== undefined;
    // By a name, often, which may mean any address of this host.
    const host = "0.0.0.0";
    return { over: byHand ? "UDP" : "TCP", host, port: first + place, name: `streams[${at}]` };
  });
}

type PairOf = Parameters<typeof relayedFindings>[0];

function encoderFindings(p: {
  path: Finding["path"];
  listed: Listed;
  encoders: readonly Box[];
  feedsRelay: FeedsRelay | undefined;
  cannotFeedRelay: CannotFeedRelay | undefined;
  setUpByHand: SetUpByHand | undefined;
  stream: Stream;
  isAtomic: boolean;
}): Finding[] {
  const { listed, path } = p;
  const box = boxOf(p.encoders, listed);
  if (!box) return [];
  const level = levelFinding(listed);
  if (level !== undefined) return [{ path: [...path, "level"], what: level }];
  const why = p.cannotFeedRelay?.(box.driver ?? "", box);
  if (why !== undefined) return [{ path, what: `${box.id} cannot feed a relay: ${why}` }];
  const ownKey = handFinding(p.stream, box, p.setUpByHand?.(box.driver ?? "", box));
  if (ownKey !== undefined) return [{ path, what: ownKey }];
  if (box.driver === undefined || !p.feedsRelay || p.feedsRelay(box.driver) !== undefined) {
    return p.isAtomic ? sourceFindings(p) : [];
  }
  const what = `${box.id} is ${box.driver}, which path relayed is not built for yet; use direct`;
  return [{ path, what }];
}

function levelFinding({ spare, level }: Listed): string | undefined {
  if (level === undefined) return undefined;
  if (spare === true) {
    return level === "hot" ? "is hot, and a spare runs only while it is needed" : undefined;
  }
  return level === "hot"
    ? undefined
    : "is not hot: on path relayed every encoder but a spare runs all the time; leave it out";
}

/** What is set up by hand has no key that is made here: it calls with a passphrase, by SRT. */
function handFinding(
  { id = "", relay }: Stream,
  box: Box,
  setUp: Readonly<Record<string, unknown>> | undefined,
): string | undefined {
  if (!setUp) return undefined;
  const feed = feedOf(id, box.id ?? "");
  if (relay.srt === undefined)
    return (
      `${box.id} cannot feed a relay: what it publishes to is set up by hand, and the key of a ` +
      `relay is made here; let the daemon set it, or let ${box.id} push SRT (relay.srt)`
    );
  if (setUp[feed] !== undefined) return undefined;
  return `${box.id} has nothing set up for ${feed}, which is how it feeds its relay`;
}

/** By its source's clock the relay knows which pictures of two encoders are the same. */
function sourceFindings(p: {
  path: Finding["path"];
  listed: Listed;
  encoders: readonly Box[];
}): Finding[] {
  const box = boxOf(p.encoders, p.listed)!;
  const { kind } = (box["input"] ?? {}) as { kind?: unknown };
  if (kind === undefined || kind === "udp" || kind === "ingest") return [];
  const what = `the input of ${box.id} is ${JSON.stringify(kind)}: path relayed needs kind udp or ingest, whose times all encoders share`;
  return [{ path: p.path, what }];
}

/** What has to be the same on all of them, so that they make the same GOPs. */
function pairFindings({ path, stream, encoders }: PairOf, isAtomic: boolean): Finding[] {
  const [first, ...others] = stream.encoders.map((listed) => boxOf(encoders, listed));
  if (!first) return [];
  const gopOf = (box: Box) => (box["video"] as { gopSeconds?: unknown } | undefined)?.gopSeconds;
  return [first, ...others].flatMap((box, place): Finding[] => {
    if (!box) return [];
    const at = [...path, "encoders", place];
    if (
      !takesAnyIngest(box) &&
      !sourcesOf(box).some((source) => sourcesOf(first).includes(source))
    ) {
      const what = `${box.id} names another source than ${first.id}, or none: on path relayed all show the same`;
      return [{ path: at, what }];
    }
    if (!isAtomic || gopOf(box) === gopOf(first)) return [];
    const what = `${box.id} has another video.gopSeconds than ${first.id}: on path relayed they have to be alike`;
    return [{ path: at, what }];
  });
}

/** What feeds it; encoders on one ingest show the same, whatever it takes in. */
function sourcesOf(box: Box): unknown[] {
  const own = box["source"] ?? (box["input"] as { ingest?: unknown } | undefined)?.ingest;
  return own === undefined ? Object.values(box["inputs"] ?? {}) : [own];
}

const boxOf = (encoders: readonly Box[], { encoder }: Listed): Box | undefined =>
  encoders.find(({ id }) => id !== undefined && id === encoder);
