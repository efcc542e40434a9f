/** `understudy.v1.HubService`: the same look-ups and commands as REST. */
import { create, type DescEnum } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { z } from "zod";
import { seenBy } from "../../auth/own-sites.ts";
import { verbsOf } from "../../commands.ts";
import type { Feed } from "../../feed.ts";
import type { Store } from "../../store/store.ts";
import { refOf, type Actor, type Site, type View } from "../../view.ts";
import { CommandBody, commandItem, type Asking } from "../asking.ts";
import { changesFor, type Change, type Wanted } from "../changes.ts";
import { incidentBy, incidentPage, type StoredIncident } from "../incidents.ts";
import { actorItem, siteItem } from "../items.ts";
import { cutPage } from "../pages.ts";
import { checked, malformed } from "../problem.ts";
import { capitals } from "../shape.ts";
import { actorBy, Ref, siteBy } from "../subject.ts";
import { toIso } from "../times.ts";
import {
  CommandArgsSchema,
  CommandSchema,
  DestinationSchema,
  EncoderSchema,
  EncoderVerbSchema,
  GoneSchema,
  IncidentSchema,
  KindSchema,
  SiteSchema,
  SiteVerbSchema,
  StorageSchema,
  StorageVerbSchema,
  StreamSchema,
  StreamVerbSchema,
  WatchResponseSchema,
  type CommandArgs,
  type HubService,
  type WatchRequest,
  type WatchResponse,
} from "./gen/understudy/v1/hub_pb.js";
import { askerOf } from "./guard.ts";
import { itemFrom, messageOf, wordOf, type Item } from "./message.ts";
import type { Watchers } from "./watchers.ts";

export type ServiceNeeds = {
  view: View;
  feed: Feed;
  store: Pick<Store, "incidents" | "incidentsById">;
  asking: Asking;
  watchers: Watchers;
};

const longestWaitS = 60;
/** Of the time a caller still has: an answer must be on its way before that ends. */
const marginS = 0.1;

const Page = z.object({
  pageSize: z
    .number()
    .int()
    .min(0)
    .max(500)
    .transform((size) => size || 50),
  pageToken: z.string().max(512),
});
const Ask = z.object({
  body: CommandBody,
  idempotencyKey: z.string().max(200),
  waitS: z.number().min(0).max(longestWaitS),
});

export function hubService({
  view,
  feed,
  store,
  asking,
  watchers,
}: ServiceNeeds): ServiceImpl<typeof HubService> {
  const seen = (context: HandlerContext) => seenBy(askerOf(context).caller, view);
  const itemOf = (actor: Actor): Item => {
    const item = toIso(actorItem(view, actor)) as Item;
    const { incident } = item;
    const named = incident != null && incidentNames(actor.site, incident as { id: string });
    return {
      ...item,
      ...{ id: item["ref"], localId: item["id"] },
      ...(named && { incident: { ...(incident as Item), ...named } }),
    };
  };
  const of = {
    site: (site: Site) => messageOf(SiteSchema, toIso(siteItem(view, site)) as Item),
    encoder: (actor: Actor) => messageOf(EncoderSchema, itemOf(actor)),
    stream: (actor: Actor) => messageOf(StreamSchema, itemOf(actor)),
    destination: (actor: Actor) => messageOf(DestinationSchema, itemOf(actor)),
    storage: (actor: Actor) => messageOf(StorageSchema, itemOf(actor)),
    incident: ({ site, incident }: StoredIncident) =>
      messageOf(IncidentSchema, {
        ...(toIso(incident) as Item),
        ...incidentNames(site, incident),
      }),
  };

  type Paged = { pageSize: number; pageToken: string; site?: string };
  function page<T>(
    kind: string,
    request: Paged,
    context: HandlerContext,
    toMessage: (a: Actor) => T,
  ) {
    const all = seen(context)
      .shown(kind)
      .filter(({ site }) => !request.site || site === request.site);
    const { page, next } = cutPage(all, cut(request), refOf);
    return { page: page.map(toMessage), nextPageToken: next ?? "" };
  }
  const actor = (kind: string, { id }: { id: string }, context: HandlerContext) =>
    actorBy(seen(context), kind, checked(Ref, id, "id"));

  type Request = {
    id: string;
    verb: number;
    args?: CommandArgs | undefined;
    ttlMs?: bigint | undefined;
    dryRun: boolean;
    idempotencyKey: string;
    waitS: number;
  };
  async function command(
    kind: string,
    verbs: DescEnum,
    { id, verb: number, args, ttlMs, dryRun, idempotencyKey, waitS }: Request,
    context: HandlerContext,
  ) {
    const name = verbs.value[number]?.localName;
    // A verb that is none is refused where all are, with those there are.
    const verb = verbsOf(kind).find((one) => capitals(one) === name) ?? String(name ?? number);
    const body = {
      ...{ verb, dryRun },
      ...(args && { args: itemFrom(reflect(CommandArgsSchema, args)) }),
      ...(ttlMs !== undefined && { ttlMs: Number(ttlMs) }),
    };
    const wish = checked(Ask, { body, idempotencyKey, waitS });
    const { site, id: own } =
      kind === "site" ? { site: siteBy(seen(context), id).site, id } : actor(kind, { id }, context);
    const leftS = (context.timeoutMs() ?? Infinity) / 1_000 - marginS;
    const row = await asking.ask(askerOf(context), { site, kind, id: own }, wish.body, {
      ...{ idempotencyKey: wish.idempotencyKey, waitS: Math.min(wish.waitS, leftS) },
    });
    return messageOf(CommandSchema, commandItem(row));
  }

  function wantedOf({ kinds, site, id }: WatchRequest, context: HandlerContext): Wanted {
    const words = kinds.flatMap((kind) => wordOf(KindSchema, kind) ?? []);
    const [kind, ...others] = words;
    if (site !== "") siteBy(seen(context), site);
    if (id !== "" && (kind === undefined || kind === "site" || others.length > 0)) {
      throw malformed([{ path: "id", message: "needs the one kind it is of in `kinds`" }]);
    }
    const all = KindSchema.values.flatMap(({ number }) => wordOf(KindSchema, number) ?? []);
    return {
      kinds: kind === undefined ? all : words,
      ...(site !== "" && { site }),
      ...(id !== "" && {
        actor: actor(kind === "incident" ? "stream" : String(kind), { id }, context),
      }),
    };
  }
  function told(change: Change): WatchResponse["change"] {
    if (change.what === "incident") return { case: "incident", value: of.incident(change) };
    if (change.what === "site") {
      if (change.site) return { case: "site", value: of.site(change.site) };
    } else if (change.actor) {
      const { kind, actor } = change;
      if (kind === "encoder") return { case: kind, value: of.encoder(actor) };
      if (kind === "stream") return { case: kind, value: of.stream(actor) };
      if (kind === "destination") return { case: kind, value: of.destination(actor) };
      return { case: "storage", value: of.storage(actor) };
    }
    const kind = change.what === "site" ? "site" : change.kind;
    return { case: "gone", value: messageOf(GoneSchema, { kind, id: change.ref }) };
  }

  return {
    listSites: (request, context) => {
      const all = [...seen(context).sites.values()].sort((a, b) => (a.site < b.site ? -1 : 1));
      const { page, next } = cutPage(all, cut(request), ({ site }) => site);
      return { sites: page.map(of.site), nextPageToken: next ?? "" };
    },
    getSite: ({ id }, context) => of.site(siteBy(seen(context), id)),
    listEncoders: (request, context) => {
      const { page: encoders, nextPageToken } = page("encoder", request, context, of.encoder);
      return { encoders, nextPageToken };
    },
    getEncoder: (request, context) => of.encoder(actor("encoder", request, context)),
    listStreams: (request, context) => {
      const { page: streams, nextPageToken } = page("stream", request, context, of.stream);
      return { streams, nextPageToken };
    },
    getStream: (request, context) => of.stream(actor("stream", request, context)),
    listDestinations: (request, context) => {
      const found = page("destination", request, context, of.destination);
      return { destinations: found.page, nextPageToken: found.nextPageToken };
    },
    getDestination: (request, context) => of.destination(actor("destination", request, context)),
    listStorages: (request, context) => {
      const { page: storages, nextPageToken } = page("storage", request, context, of.storage);
      return { storages, nextPageToken };
    },
    getStorage: (request, context) => of.storage(actor("storage", request, context)),
    listIncidents: async (request, context) => {
      const { site, stream, since } = request;
      const { items, next } = await incidentPage(store, askerOf(context).caller, {
        ...cut(request),
        ...(site !== "" && { site }),
        ...(stream !== "" && { stream }),
        ...(since && { since: timestampDate(since).toISOString() }),
      });
      return { incidents: items.map(of.incident), nextPageToken: next ?? "" };
    },
    getIncident: async ({ id }, context) =>
      of.incident(await incidentBy(store, askerOf(context).caller, id.slice(0, 200))),
    getCommand: async ({ id }, context) => {
      const row = await asking.command(askerOf(context).caller, id.slice(0, 64));
      return messageOf(CommandSchema, commandItem(row));
    },
    commandEncoder: (request, context) => command("encoder", EncoderVerbSchema, request, context),
    commandStream: (request, context) => command("stream", StreamVerbSchema, request, context),
    commandStorage: (request, context) => command("storage", StorageVerbSchema, request, context),
    commandSite: (request, context) => command("site", SiteVerbSchema, request, context),
    watch: async function* (request, context) {
      const { caller } = askerOf(context);
      const wanted = wantedOf(request, context);
      const watcher = watchers.enter(caller);
      const signal = AbortSignal.any([context.signal, watcher.signal]);
      try {
        for await (const change of changesFor(caller, wanted, { view, feed }, signal)) {
          yield create(WatchResponseSchema, { change: told(change) });
        }
        watcher.signal.throwIfAborted();
        // The deadline, or the caller has left.
        context.signal.throwIfAborted();
      } finally {
        watchers.leave(watcher);
      }
    },
  };
}

const incidentNames = (site: string, { id }: { id: string }) => ({
  ...{ id: `${site}~${id}`, localId: id, site },
});

function cut(request: { pageSize: number; pageToken: string }) {
  const { pageSize, pageToken } = checked(Page, request);
  return { limit: pageSize, ...(pageToken !== "" && { cursor: pageToken }) };
}
