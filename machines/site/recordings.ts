/**
 * Which boxes record because of another one. A programme that is to be protected is recorded by its
 * understudy as well, from the start; and a box that cannot record any more is stood in for by any
 * other that shows the same source.
 */
import type { EncoderFacts } from "../encoder/facts.ts";
import type { RecordOrder } from "../storage/record-path.ts";
import type { RecordFacts } from "../storage/record.published.ts";
import type { Keys } from "./keys.ts";
import type { SitePlan } from "./plan.ts";

type Facility = {
  plan: SitePlan;
  keys: Keys;
  facts: Record<string, EncoderFacts>;
  recordings: Recordings;
};

export type Recordings = {
  /** Encoder → what its storage tells of its recording. */
  facts: Record<string, RecordFacts>;
  /** Streams whose programme is being recorded, until somebody stops that. */
  streams: readonly string[];
};

const carrierOf = ({ plan, keys }: Facility, stream: string) => {
  const destination = plan.streams.find(({ id }) => id === stream)?.destination ?? "";
  const holder = keys[destination]?.holder;
  return holder?.stream === stream ? holder.encoder : undefined;
};

/** Whether somebody wants it recorded; undefined: nobody knows now. */
function isRecorded(facts: RecordFacts | undefined): boolean | undefined {
  if (!facts || facts.word === "unknown") return undefined;
  return facts.word !== "idle";
}

/**
 * The streams that are recorded, once this is known of a box. Only the carrier's own recording
 * counts, and one that was begun because of another does not end with it.
 */
export function withRecording(site: Facility, told: RecordFacts): Recordings {
  const { recordings, plan } = site;
  const was = isRecorded(recordings.facts[told.encoder]);
  const is = isRecorded(told);
  const streams = plan.streams.flatMap(({ id }) => {
    const known = recordings.streams.includes(id);
    if (carrierOf(site, id) !== told.encoder) return known ? [id] : [];
    const begun = is === true && !told.isOurs;
    const ended = was === true && is === false;
    return begun || (known && !ended) ? [id] : [];
  });
  return { facts: { ...recordings.facts, [told.encoder]: told }, streams };
}

/** Encoder → why it is to record; those that are not named are not wanted to. */
export function recordOrders(site: Facility): Map<string, RecordOrder> {
  const orders = new Map<string, RecordOrder>();
  const { plan, recordings } = site;
  for (const { id, recording, encoders } of plan.streams) {
    const carrier = carrierOf(site, id);
    if (carrier === undefined || recording !== "protect") continue;
    if (!recordings.streams.includes(id)) continue;
    const among = encoders.map(({ encoder }) => encoder);
    const helper = helperOf(site, carrier, among);
    if (helper !== undefined) orders.set(helper, { of: carrier, gapSince: null });
    // Its own recording may be one that was begun while it was the understudy.
    const own = recordings.facts[carrier]?.order;
    if (own) orders.set(carrier, own);
  }
  for (const { encoder, word, isInDanger, gapSince } of Object.values(recordings.facts)) {
    const all = plan.encoders.map(({ id }) => id);
    if (word === "unknown") {
      for (const { order, encoder: helper } of Object.values(recordings.facts)) {
        if (order?.of === encoder) orders.set(helper, order);
      }
    } else if (word === "lost" || isInDanger) {
      const helper = helperOf(site, encoder, all);
      if (helper === undefined || orders.has(helper)) continue;
      orders.set(helper, recordings.facts[helper]?.order ?? { of: encoder, gapSince });
    }
  }
  return orders;
}

/** Who records the same: whoever was told to already, does so anyway, or can. */
function helperOf(site: Facility, of: string, among: readonly string[]): string | undefined {
  const { recordings } = site;
  const source = sourceOf(site, of);
  if (source === null) return undefined;
  const others = among.filter((id) => id !== of && sourceOf(site, id) === source);
  const ordered = others.find((id) => recordings.facts[id]?.order?.of === of);
  if (ordered !== undefined) return ordered;
  if (others.some((id) => recordings.facts[id]?.word === "recording")) return undefined;
  return others.find((id) => recordings.facts[id]?.word === "idle" && isAvailable(site.facts[id]));
}

const isAvailable = (box: EncoderFacts | undefined) =>
  box?.link === "reachable" && box.service === "inService" && (box.power?.word ?? "on") === "on";

const sourceOf = ({ plan, facts }: Facility, encoder: string) =>
  facts[encoder]?.source ?? plan.encoders.find(({ id }) => id === encoder)?.source ?? null;

/** Another box that has recorded the same all the time. */
export function coveredBy(site: Facility, of: string, by: string): string | null {
  const source = sourceOf(site, of);
  if (source === null) return null;
  const others = Object.values(site.recordings.facts).filter(
    ({ encoder, word }) =>
      encoder !== of &&
      encoder !== by &&
      word === "recording" &&
      sourceOf(site, encoder) === source,
  );
  return others[0]?.encoder ?? null;
}
