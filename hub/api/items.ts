/** What REST and the page see of a site and its actors, ready as text and kept until it changes. */
import { hash } from "node:crypto";
import { z } from "zod";
import { DestinationState } from "../../machines/destination/destination.contract.ts";
import { EncoderState } from "../../machines/encoder/encoder.contract.ts";
import { SiteEvent, SiteInfo, SiteState, Telemetry } from "../../machines/site/site.contract.ts";
import { IngestState } from "../../machines/ingest/ingest.contract.ts";
import { OutputState } from "../../machines/output/output.contract.ts";
import { StorageState } from "../../machines/storage/storage.contract.ts";
import { Incident, StreamState } from "../../machines/stream/stream.contract.ts";
import { refOf, type Actor, type Site, type View } from "../view.ts";
import { isoObject, isoSchema, toIso } from "./times.ts";

/** What every item carries. */
const Base = z.object({
  /** `<site>~<id>`: valid wherever an id is asked for. */
  ref: z.string(),
  id: z.string(),
  site: z.string(),
  name: z.string().optional(),
  /** The site is online and its daemon reaches the device. */
  online: z.boolean(),
  /** The last thing known, not the truth: the site is away, or has not spoken since it came back. */
  stale: z.boolean(),
  receivedAt: z.iso.datetime().nullable(),
});

/** State fields are absent as long as nothing readable has arrived. */
const itemOf = (state: z.ZodObject, id: string) =>
  isoObject(state.omit({ id: true }).partial())
    .extend(Base.shape)
    .meta({ id });

/** The newest of `telemetry`, as long as its site is heard. */
const live = Telemetry.shape.encoders.valueType
  .partial()
  .extend({ at: z.iso.datetime() })
  .optional();
export const EncoderItem = itemOf(EncoderState, "EncoderItem")
  .extend({ live })
  .meta({ id: "EncoderItem" });
export const StreamItem = itemOf(StreamState, "StreamItem");
export const DestinationItem = itemOf(DestinationState, "DestinationItem");
export const StorageItem = itemOf(StorageState, "StorageItem");
export const IngestItem = itemOf(IngestState, "IngestItem");
export const OutputItem = itemOf(OutputState, "OutputItem");

export const SiteItem = isoObject(SiteInfo.omit({ site: true, inventory: true }).partial())
  .extend({
    id: z.string(),
    name: z.string().optional(),
    /** Null while no broker says: the hub may be the one that is cut off. */
    online: z.boolean().nullable(),
    stale: z.boolean(),
    lastSeen: z.iso.datetime().nullable(),
    /** Every event up to here is stored. */
    ackedSeq: z.number().int().nullable(),
    /** Messages kept aside because they could not be read. */
    quarantined: z.number().int(),
    /** Events the site could not send again. */
    lostEvents: z.number().int(),
    decider: z.string().optional(),
    journal: z.string().optional(),
    /** A change freeze near or during an event; null = changes are free. */
    freeze: isoSchema(SiteState.shape.freeze).optional(),
    /** How the clock of its host is. */
    clock: isoSchema(SiteState.shape.clock).optional(),
    host: isoSchema(SiteState.shape.host).optional(),
    /** Whether what is published at once fits through the line of the site. */
    uplink: SiteState.shape.uplink,
    warnings: z.array(z.string()),
    encoders: z.number().int(),
    streams: z.number().int(),
  })
  .meta({ id: "SiteItem" });

const incidentBase = { ref: z.string(), site: z.string() };
export const IncidentItem = isoObject(Incident).extend(incidentBase).meta({ id: "IncidentItem" });
export const EventItem = isoObject(SiteEvent)
  .extend({ site: z.string(), receivedAt: z.iso.datetime().nullable() })
  .meta({ id: "EventItem" });

/** A page of such items. */
export const pageOf = (item: z.ZodType) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

/** JSON as it is sent, with its length in bytes and its entity tag. */
export type Ready = { json: string; bytes: number; tag: string };

export type Items = {
  actor: (actor: Actor) => Ready;
  site: (site: Site) => Ready;
};

export function readyOf(json: string): Ready {
  return { json, bytes: Buffer.byteLength(json), tag: tagOf(json) };
}

export const tagOf = (content: string) => `"${hash("sha1", content, "base64url")}"`;

/** What is made of an actor is kept until what a reader would see of it changes. */
export function itemsOf(view: View): Items {
  const actors = new WeakMap<Actor, Ready & { version: number }>();
  return {
    actor: (actor) => {
      const held = actors.get(actor);
      if (held?.version === actor.version) return held;
      const made = readyOf(JSON.stringify(toIso(actorItem(view, actor))));
      const kept = { ...made, version: actor.version };
      actors.set(actor, kept);
      return kept;
    },
    site: (site) => readyOf(JSON.stringify(toIso(siteItem(view, site)))),
  };
}

/** The item with Unix times, as the sockets also use it. */
export function actorItem(view: View, actor: Actor): Record<string, unknown> {
  const { site, id, kind, state, telemetry } = actor;
  const inventory = view.sites.get(site)?.info?.inventory ?? [];
  const name = state?.["name"] ?? inventory.find((i) => i.kind === kind && i.id === id)?.name;
  return {
    ...state,
    ref: refOf(actor),
    id,
    site,
    ...(name !== undefined && { name }),
    online: view.isOnline(site) && actor.available !== false,
    stale: view.isStale(actor),
    receivedAtMs: actor.receivedAtMs === 0 ? null : actor.receivedAtMs,
    ...(telemetry && { live: { atMs: telemetry.atMs, ...telemetry.figures } }),
  };
}

export function siteItem(view: View, site: Site): Record<string, unknown> {
  const { inventory, site: _site, ...info } = site.info ?? { inventory: [] };
  const own = view.find({ site: site.site, kind: "site", id: site.site });
  const count = (kind: string) => inventory.filter((item) => item.kind === kind).length;
  const said = own?.state?.["warnings"];
  return {
    ...info,
    id: site.site,
    online: site.online,
    stale: site.online !== true || (own !== undefined && view.isStale(own)),
    lastSeenMs: site.lastSeenMs,
    ackedSeq: site.ackedSeq,
    quarantined: site.quarantined,
    lostEvents: site.lostEvents,
    ...(own?.state && {
      decider: own.state["decider"],
      journal: own.state["journal"],
      freeze: own.state["freeze"] ?? null,
      clock: own.state["clock"],
      ...(own.state["host"] !== undefined && { host: own.state["host"] }),
      ...(own.state["uplink"] !== undefined && { uplink: own.state["uplink"] }),
    }),
    warnings: Array.isArray(said) ? said : [],
    encoders: count("encoder"),
    streams: count("stream"),
  };
}
