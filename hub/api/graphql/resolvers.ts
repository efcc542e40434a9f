/** What the graph answers with: the same look-ups as REST, as the caller may see them. */
import { z } from "zod";
import type { Asker } from "../../auth/caller.ts";
import { seenBy, type Seen } from "../../auth/own-sites.ts";
import type { AccessName } from "../../auth/permissions.ts";
import type { Feed } from "../../feed.ts";
import type { Store } from "../../store/store.ts";
import { refOf, type Actor, type Site, type View } from "../../view.ts";
import { CommandBody, commandItem, type Asking } from "../asking.ts";
import { changesFor, type Change, type Wanted } from "../changes.ts";
import { incidentBy, incidentPage, type IncidentWish, type StoredIncident } from "../incidents.ts";
import { actorItem, siteItem } from "../items.ts";
import { cutPage, encodeCursor } from "../pages.ts";
import { checked } from "../problem.ts";
import { actorBy, Ref, siteBy } from "../subject.ts";
import { toIso } from "../times.ts";
import type { Deadline } from "./deadline.ts";

export type GraphContext = {
  asker: Asker;
  seen: Seen;
  /** Ends what stays open. */
  signal: AbortSignal;
  /** Of everything else. */
  deadline: Deadline;
  /** @throws ApiProblem 403 */
  allow(access: AccessName, object: string): void;
  lastIncidents(stream: StreamKey): Promise<StoredIncident[]>;
};
type StreamKey = { site: string; stream: string; first: number };

export type GraphNeeds = {
  view: View;
  feed: Feed;
  store: Pick<Store, "incidents" | "incidentsById" | "lastIncidents">;
  asking: Asking;
};
type Item = Record<string, unknown>;
export type Resolvers = ReturnType<typeof resolversOf>;

const Page = z.object({
  first: z.number().int().min(1).max(500),
  after: z.string().max(512).nullish(),
});
const One = z.object({ id: Ref.nullish(), site: z.string().nullish() });
const longestWaitS = 15;
/** Of the time there is: the command's id must be on its way before that ends. */
const marginMs = 200;
const Ask = z.object({
  id: Ref,
  body: CommandBody,
  idempotencyKey: z.string().max(200).optional(),
  waitS: z.number().min(0).max(longestWaitS),
});

export function contextOf(
  { view, store }: GraphNeeds,
  request: Pick<GraphContext, "asker" | "signal" | "deadline">,
  allow: GraphContext["allow"],
): GraphContext {
  return {
    ...request,
    seen: seenBy(request.asker.caller, view),
    allow,
    lastIncidents: batched(async (streams) => {
      const found = await store.lastIncidents(streams, Math.max(...streams.map((s) => s.first)));
      return streams.map(({ site, stream, first }) =>
        found.filter((f) => f.site === site && f.incident.stream === stream).slice(0, first),
      );
    }),
  };
}

export function resolversOf({ view, feed, store, asking }: GraphNeeds) {
  const itemOf = (actor: Actor) => toIso(actorItem(view, actor)) as Item;
  const siteOf = (site: Site) => toIso(siteItem(view, site)) as Item;
  const incidentOf = ({ site, incident }: StoredIncident): Item => ({
    ...(toIso(incident) as Item),
    ...{ ref: `${site}~${incident.id}`, site },
  });
  const incidentCursor = ({ site, incident }: StoredIncident) =>
    encodeCursor(`${incident.openedAtMs}/${site}/${incident.id}`);

  const actorAt = ({ seen }: GraphContext, kind: string, site: unknown, id: unknown) => {
    if (typeof site !== "string" || typeof id !== "string") return undefined;
    const actor = seen.find({ site, kind, id });
    return actor?.goneAtMs === null ? actor : undefined;
  };
  function wantedOf(context: GraphContext, kind: string, args: Item): Wanted {
    const { id, site } = checked(One, args);
    // Who may not see a site is told the same as where there is none.
    if (site != null) siteBy(context.seen, site);
    return {
      kinds: [kind],
      site: site ?? undefined,
      actor: id == null ? undefined : actorBy(context.seen, kind, id),
    };
  }
  const changes = (context: GraphContext, wanted: Wanted) =>
    changesFor(context.asker.caller, wanted, { view, feed }, context.signal);

  return {
    sites: ({ seen }: GraphContext, args: Item) => {
      const all = [...seen.sites.values()].sort((a, b) => (a.site < b.site ? -1 : 1));
      return connection(all, args, ({ site }) => site, siteOf);
    },
    site: ({ seen }: GraphContext, id: unknown) => siteOf(siteBy(seen, String(id))),
    siteNamed: ({ seen }: GraphContext, args: Item) => siteOf(siteBy(seen, String(args["id"]))),
    actors: ({ seen }: GraphContext, kind: string, args: Item) => {
      const site = args["site"];
      const all = seen.shown(kind).filter((a) => site == null || a.site === site);
      return connection(all, args, refOf, itemOf);
    },
    actorNamed: ({ seen }: GraphContext, kind: string, args: Item) =>
      itemOf(actorBy(seen, kind, checked(Ref, args["id"], "id"))),
    actorOf: (context: GraphContext, kind: string, site: unknown, id: unknown) => {
      const actor = actorAt(context, kind, site, id);
      return actor && itemOf(actor);
    },
    incidents: async ({ asker, deadline }: GraphContext, args: Item) => {
      const { first, after } = checked(Page, args);
      const wish = withoutNulls(args) as Pick<IncidentWish, "site" | "stream" | "since">;
      const cut = { ...wish, limit: first, cursor: after ?? undefined };
      const page = await deadline.hold(() => incidentPage(store, asker.caller, cut));
      const edges = page.items.map((one) => [incidentCursor(one), incidentOf(one)] as const);
      return connectionOf(edges, page.next);
    },
    incidentNamed: async ({ asker, deadline }: GraphContext, args: Item) => {
      const id = String(args["id"]).slice(0, 200);
      return incidentOf(await deadline.hold(() => incidentBy(store, asker.caller, id)));
    },
    incidentIn: (site: unknown, incident: unknown) =>
      incident == null
        ? null
        : {
            ...(toIso(incident) as Item),
            ...{ ref: `${String(site)}~${String((incident as Item)["id"])}`, site },
          },
    lastIncidents: async (source: Item, args: Item, context: GraphContext) => {
      const first = checked(z.number().int().min(1).max(50), args["first"], "first");
      const [site, stream] = [String(source["site"]), String(source["id"])];
      const last = () => context.lastIncidents({ site, stream, first });
      return (await context.deadline.hold(last)).map(incidentOf);
    },
    commandNamed: async ({ asker, deadline }: GraphContext, args: Item) => {
      const id = String(args["id"]).slice(0, 64);
      return commandItem(await deadline.hold(() => asking.command(asker.caller, id)));
    },
    ask: async ({ asker, seen, deadline }: GraphContext, kind: string, given: Item) => {
      const { id, idempotencyKey, waitS: wanted, ...body } = withoutNulls(given) as Item;
      const wish = checked(Ask, { id, body, idempotencyKey, waitS: wanted });
      const subject =
        kind === "site"
          ? { ...siteBy(seen, wish.id), kind, id: wish.id }
          : actorBy(seen, kind, wish.id);
      const { site } = subject;
      const waitS = Math.max(0, Math.min(wish.waitS, (deadline.leftMs() - marginMs) / 1_000));
      const how = { idempotencyKey: wish.idempotencyKey, waitS };
      const ask = () => asking.ask(asker, { site, kind, id: subject.id }, wish.body, how);
      return commandItem(await deadline.hold(ask));
    },
    changes: (context: GraphContext, kind: string, args: Item) =>
      changes(context, wantedOf(context, kind, args)),
    changedItem: (_context: GraphContext, change: Item) => {
      const { what, site, actor } = change as unknown as Change & { site?: Site; actor?: Actor };
      return what === "site" ? site && siteOf(site) : actor && itemOf(actor);
    },
    incidentChanges: (context: GraphContext, args: Item) => {
      const { actor, site } = wantedOf(context, "stream", { ...args, id: args["stream"] });
      return changes(context, { kinds: ["incident"], actor, site });
    },
  };
}

function connection<T>(
  all: T[],
  args: Item,
  keyOf: (item: T) => string,
  toItem: (item: T) => Item,
) {
  const { first, after } = checked(Page, args);
  const { page, next } = cutPage(all, { limit: first, cursor: after ?? undefined }, keyOf);
  return connectionOf(
    page.map((one) => [encodeCursor(keyOf(one)), toItem(one)] as const),
    next,
  );
}

const connectionOf = (edges: (readonly [cursor: string, node: Item])[], next: string | null) => ({
  nodes: edges.map(([, node]) => node),
  edges: edges.map(([cursor, node]) => ({ cursor, node })),
  pageInfo: { hasNextPage: next !== null, endCursor: edges.at(-1)?.[0] ?? null },
});

/** In GraphQL null and absent are the same; the contracts know only absent. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]));
}

/** Asked for one by one, looked up together: a hundred streams cost one query. */
function batched<K, V>(load: (keys: K[]) => Promise<V[]>): (key: K) => Promise<V> {
  let waiting: { key: K; done: (value: V) => void; fail: (error: unknown) => void }[] = [];
  function go() {
    const batch = waiting;
    waiting = [];
    load(batch.map(({ key }) => key)).then(
      (values) => batch.forEach(({ done }, at) => done(values[at] as V)),
      (error: unknown) => batch.forEach(({ fail }) => fail(error)),
    );
  }
  return (key) =>
    new Promise((done, fail) => {
      // After everything that is resolved in this turn has asked.
      if (waiting.length === 0) setImmediate(go);
      waiting.push({ key, done, fail });
    });
}
