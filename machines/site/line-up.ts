/** The check before an event: what could keep it from air, or from being saved. */
import { encoderFacts, type EncoderSnapshot } from "../encoder/encoder.published.ts";
import { type EncoderFacts, startsNothingByItself } from "../encoder/facts.ts";
import type { RecordingReading } from "../encoder/reading.ts";
import type { OutputRef } from "../intents.ts";
import { mediumState } from "../storage/medium.published.ts";
import { endsFilesAt4GB } from "../storage/space.ts";
import { shows } from "../content/look.ts";
import { comparisonOf, type ContentView, isFresh, lasting } from "../stream/content.ts";
import type { LineUp, LineUpItem, LineUpItemName } from "../stream/line-up.contract.ts";
import { hinders, type StreamContext } from "../stream/stream.context.ts";
import type { StorageSnapshot } from "../storage/storage.published.ts";
import type { StreamSnapshot } from "../stream/stream.published.ts";
import type { Stamp } from "../time.ts";
import {
  againstHost,
  defaultAlarmOffsetMs,
  type HostClock,
  hostClockSentence,
  isOff,
} from "./host-clock.ts";
import type { Keys } from "./keys.ts";
import type { SitePlan } from "./plan.ts";

type Actors<Snapshot> = Record<string, { getSnapshot: () => Snapshot }>;
type Facility = {
  plan: SitePlan;
  now: () => Stamp;
  keys: Keys;
  hostClock: HostClock;
  encoders: Actors<EncoderSnapshot>;
  storages: Actors<StorageSnapshot>;
  streams: Actors<StreamSnapshot>;
};

type Found = Omit<LineUpItem, "item">;
const ok = (message: string, source: string): Found => ({ result: "ok", message, source });
const notOk = (message: string, source: string): Found => ({ result: "notOk", message, source });
const unknown = (message: string, source: string | null = null): Found => ({
  result: "unknown",
  message,
  source,
});

/** What is looked at: the site, the stream, and who is to carry it. */
type Look = { site: Facility; stream: StreamContext; carrier: OutputRef; box: EncoderFacts };

export function lineUpOf(site: Facility, stream: string): LineUp | undefined {
  const context = site.streams[stream]?.getSnapshot().context;
  const carrier = context?.carrier ?? context?.plan.encoders[0];
  const ref = carrier && site.encoders[carrier.encoder];
  if (!context || !ref) return undefined;
  const look: Look = { site, stream: context, carrier, box: encoderFacts(ref.getSnapshot()) };
  const items = Object.entries(looks).map(([item, found]) => ({
    item: item as LineUpItemName,
    ...found(look),
  }));
  return { atMs: site.now().wallMs, items };
}

const faultsOf = ({ content, plan, now }: StreamContext, encoder: string) =>
  lasting(content.views[encoder], plan.content, now());
const comparisonWith = ({ content, plan, now }: StreamContext, both: readonly [string, string]) =>
  comparisonOf(content, both, plan.content, now());
const isSilentNow = ({ look }: ContentView, { plan }: StreamContext) =>
  shows(look, "silent", plan.content);

const looks: Record<LineUpItemName, (look: Look) => Found> = {
  input({ stream, box: { encoder, link, input } }) {
    const wrong = faultsOf(stream, encoder).find((fault) => fault !== "silent");
    if (wrong) return notOk(`${encoder} shows a ${wrong} picture`, "preview");
    if (link === "unreachable") return notOk(`${encoder} does not answer`, "poll");
    if (input === "unknown") return unknown(`${encoder} does not tell whether it has a picture`);
    if (input === "good" || input === "silent") return ok(`${encoder} has a picture`, encoder);
    return notOk(`the input of ${encoder} is ${input}`, encoder);
  },

  audio({ stream, box: { encoder, input } }) {
    if (input === "silent") return notOk(`${encoder} gets no sound`, encoder);
    const view = stream.content.views[encoder];
    const isSilent = view && isFresh(view, stream.now()) && isSilentNow(view, stream);
    if (isSilent === true) return notOk(`${encoder} has no sound`, "preview");
    if (isSilent === false) return ok(`${encoder} has sound`, "preview");
    return unknown(`nobody listens to the sound of ${encoder}`);
  },

  /** Names of sources are what somebody wrote down; only compared pictures would prove it. */
  sameProgramme({ site, stream, carrier, box }) {
    const others = stream.plan.encoders.filter(({ encoder }) => encoder !== carrier.encoder);
    if (others.length === 0) return unknown("there is nothing to compare with");
    const comparison = others
      .map(({ encoder }) => comparisonWith(stream, [carrier.encoder, encoder]))
      .find((one) => one !== null);
    if (comparison) {
      const { word, because } = comparison;
      const both = `${comparison.carrier} and ${comparison.with}`;
      if (word === "same") return ok(`${both} show the same (${because})`, "preview");
      if (word === "different") return notOk(`${both} show different pictures`, "preview");
    }
    const odd = others.find(({ encoder }) => sourceOf(site, encoder) !== box.source);
    if (odd && box.source !== null && sourceOf(site, odd.encoder) !== null) {
      const named = `${box.source} and ${sourceOf(site, odd.encoder)}`;
      return notOk(
        `${carrier.encoder} and ${odd.encoder} have other sources: ${named}`,
        "site.yaml",
      );
    }
    return unknown("cannot tell: the pictures are not compared");
  },

  understudy({ stream, carrier }) {
    const others = stream.plan.encoders.filter(({ encoder }) => encoder !== carrier.encoder);
    if (others.length === 0) return notOk("there is no understudy", "site.yaml");
    const ready = others.find((ref) => hinders(stream, ref) === undefined);
    if (ready) return ok(`${ready.encoder} is ready`, ready.encoder);
    const why = others.map((ref) => `${ref.encoder} ${hinders(stream, ref)}`).join(", ");
    const isSeen = others.every(({ encoder }) => stream.facts[encoder]?.link !== "unknown");
    return isSeen ? notOk(`no understudy is ready: ${why}`, "poll") : unknown(why);
  },

  recording({ site, stream, carrier }) {
    const { window } = stream.memory.schedule;
    const storage = site.storages[carrier.encoder]?.getSnapshot().context;
    const media = Object.values(storage?.media ?? {}).map((ref) =>
      mediumState(ref.getSnapshot(), 0),
    );
    if (media.length === 0) return unknown(`${carrier.encoder} tells nothing of its media`);
    const bad = media.find(({ state }) => ["full", "failing", "readOnly"].includes(state));
    if (bad) return notOk(`${bad.name ?? bad.id} of ${carrier.encoder} is ${bad.state}`, bad.id);
    if (media.every(({ state }) => state === "missing")) {
      return notOk(`${carrier.encoder} has nothing to record to`, carrier.encoder);
    }
    const needed = window
      ? (window.endMs - Math.max(window.startMs, site.now().wallMs)) / 1_000
      : undefined;
    const fat = media.find(({ fileSystem }) => endsFilesAt4GB(fileSystem));
    if (fat && (needed === undefined || needed > secondsIn4GB)) {
      const what = `${fat.name ?? fat.id} of ${carrier.encoder} has ${fat.fileSystem}`;
      return notOk(`${what}: a file ends at 4 GB, ${filesSentence}`, fat.id);
    }
    const { reading } = site.encoders[carrier.encoder]?.getSnapshot().context ?? {};
    const room = roomWhileWriting(media) ?? roomAsSet(media, reading?.recording);
    if (!room || needed === undefined) {
      return unknown(`nothing is written now, so nobody can tell for how long there is room`);
    }
    const { seconds, of, source } = room;
    const message = `${of} has room for ${hours(seconds)}, ${hours(needed)} are needed`;
    return seconds >= needed ? ok(message, source) : notOk(message, source);
  },

  /** The box against this host, and this host against the right time: neither alone is enough. */
  clock({ site, carrier, box }) {
    const { hostClock, plan } = site;
    const { word } = hostClock;
    const ofHost = hostClockSentence(hostClock);
    if (word === "off" || word === "unsynchronised") return notOk(ofHost, "host");
    const { reading } = site.encoders[carrier.encoder]?.getSnapshot().context ?? {};
    const clock = box.link === "reachable" ? reading?.clock : undefined;
    if (!clock) return unknown(`${carrier.encoder} does not tell its time`);
    const by = `the clock of ${carrier.encoder} is ${againstHost(clock.aheadMs)}`;
    if (isOff(clock, false, plan.clockAlarmOffsetMs ?? defaultAlarmOffsetMs)) {
      return notOk(by, clock.source);
    }
    if (word === "unknown") return unknown(`${by}; ${ofHost}`, clock.source);
    return ok(by, clock.source);
  },

  key({ site, stream }) {
    const { id } = stream.destination;
    const key = site.keys[id];
    if (!key?.known) return unknown(`nobody knows yet who has the key of ${id}`, "journal");
    if (key.holder === null) return ok(`the key of ${id} is free`, "journal");
    const { encoder } = key.holder;
    return ok(`${encoder} holds the key of ${id}, generation ${key.generation}`, "journal");
  },

  /** Could the carrier be proven off, if it had to be? */
  fencePath({ stream, carrier, box }) {
    const { takeover, id } = stream.destination;
    if (takeover === "primaryBackup") return ok("both addresses are published, no fence", id);
    if (box.power !== null) {
      const { word, outlet } = box.power;
      if (word === "on") return ok(`${outlet} can cut the power of ${carrier.encoder}`, outlet);
    }
    if (stream.farEnd.provesAbsence && stream.farEnd.word !== "unknown") {
      return ok(`${stream.farEnd.source} sees when nobody publishes`, stream.farEnd.source ?? id);
    }
    if (box.link === "unreachable") {
      return notOk(
        `${carrier.encoder} does not answer and nothing else could prove it off`,
        "poll",
      );
    }
    if (box.link !== "reachable") return unknown(`${carrier.encoder} was not read yet`);
    if (startsNothingByItself(box.selfStart)) {
      return ok(`${carrier.encoder} can be stopped and starts nothing by itself`, carrier.encoder);
    }
    return unknown(`only ${carrier.encoder} itself could say that it is off`, carrier.encoder);
  },

  /** A calendar in a box starts and stops it without asking anybody. */
  ownWill({ site, stream }) {
    const { window } = stream.memory.schedule;
    const boxes = stream.plan.relay?.inputs ?? stream.plan.encoders;
    const looked = boxes.map(({ encoder }) => {
      const { link, selfStart } = stream.facts[encoder] ?? {};
      const { reading } = site.encoders[encoder]?.getSnapshot().context ?? {};
      const isOn = link === "reachable" ? selfStart?.scheduler : undefined;
      return { encoder, isOn, calendar: reading?.calendar };
    });
    const planned = looked.filter(({ isOn }) => isOn === true);
    const judged = planned.map(({ encoder, calendar }) => {
      const when = calendar?.next === undefined ? "" : `, next: ${calendar.next}`;
      const message = `${encoder} will ${calendar?.does ?? "start"} on its own, by its own calendar${when}`;
      return { encoder, message, isLater: beginsAfter(calendar?.next, window?.endMs) };
    });
    const now = judged.find(({ isLater }) => isLater === false);
    if (now) return notOk(now.message, now.encoder);
    const some = judged.find(({ isLater }) => isLater === undefined);
    if (some) return unknown(`${some.message}; look whether that is in the event`, some.encoder);
    const untold = looked.find(({ isOn }) => isOn === undefined);
    if (untold) return unknown(`${untold.encoder} does not tell what it will do on its own`);
    return ok("no box does anything by a calendar of its own before the end", "poll");
  },
};

type Room = { seconds: number; of: string; source: string };
type Media = readonly ReturnType<typeof mediumState>[];

function roomWhileWriting(media: Media): Room | undefined {
  const fills = media.find(({ figures }) => figures.secondsToFull !== undefined);
  const seconds = fills?.figures.secondsToFull;
  return (
    fills &&
    seconds && { seconds: seconds.value, of: fills.name ?? fills.id, source: seconds.source }
  );
}

/** At rest: what is free, at the bit rate that is set. */
function roomAsSet(media: Media, set: RecordingReading | undefined): Room | undefined {
  const medium = media.find(({ id }) => id === set?.medium);
  const free = medium?.figures.freeBytes;
  if (!free || !set?.bitrateBps) return undefined;
  const rate = `${(set.bitrateBps / 1e6).toFixed(1)} Mbit/s`;
  const of = `${medium.name ?? medium.id} at ${rate}`;
  return { seconds: (8 * free.value) / set.bitrateBps, of, source: free.source };
}

const isoTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/;
/** A time without its zone may be that of any. */
const anyZoneMs = 14 * 3_600_000;
/** Whether a box begins only after `endMs`; undefined where its words are not a time for sure. */
function beginsAfter(next: string | undefined, endMs: number | undefined): boolean | undefined {
  const [, zone] = isoTime.exec(next ?? "") ?? [];
  const atMs = Date.parse(zone === undefined ? `${next}Z` : next!);
  if (!isoTime.test(next ?? "") || Number.isNaN(atMs) || endMs === undefined) return undefined;
  return atMs - (zone === undefined ? anyZoneMs : 0) >= endMs;
}

/** At the 20 Mbit/s that a box writes at most. */
const secondsIn4GB = (4 * 2 ** 30 * 8) / 20e6;
const filesSentence = "which at 20 Mbit/s is after 29 min; format it as exFAT";

const hours = (seconds: number) => `${(seconds / 3_600).toFixed(1)} h`;
const sourceOf = ({ encoders }: Facility, encoder: string) =>
  encoders[encoder] ? encoderFacts(encoders[encoder].getSnapshot()).source : null;
