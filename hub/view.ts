/**
 * What the hub believes of every site right now, in memory. Ingest writes it, everything that
 * shows reads it. *Stale* is decided here and nowhere else: a state of an older session, or of a
 * site that is not online, is the last thing known, not the truth.
 */
import { Actor, type ActorKey, type Site } from "./actor.ts";
import type { Feed } from "./feed.ts";

export type { Actor, ActorKey, Site };

export type View = {
  sites: ReadonlyMap<string, Site>;
  /** Find or make a site; a site exists for us from its first valid message on. */
  site(site: string): Site;
  actor(key: ActorKey): Actor;
  /** What a reader may see: in the inventory, not gone. The same list until one comes or goes. */
  shown(kind: string): readonly Actor[];
  /** Those of them with this bare id, one a site; or the one with this `<site>~<id>`. */
  named(kind: string, name: string): readonly Actor[];
  find(key: ActorKey): Actor | undefined;
  /** The highest version of any actor of this kind. */
  latest(kind: string): number;
  isOnline(site: string): boolean;
  isStale(actor: Actor): boolean;
  /** Something a reader sees of this site, and perhaps of all its actors, has changed. */
  siteChanged(site: Site): void;
  actorChanged(actor: Actor): void;
  /** Only its fast figures have. */
  telemetryChanged(actor: Actor): void;
};

export function openView(feed: Feed): View {
  const sites = new Map<string, Site>();
  const lists = new Map<string, KindList>();
  const versions = new Map<string, number>();
  let version = 1;

  function makeSite(site: string): Site {
    const made: Site = {
      site,
      info: null,
      online: null,
      lastSeenMs: null,
      actors: new Map(),
      quarantined: 0,
      lostEvents: 0,
      ackedSeq: null,
      version: 1,
      latest: 1,
    };
    sites.set(site, made);
    return made;
  }
  function makeActor({ site, kind, id }: ActorKey): Actor {
    const home = view.site(site);
    const made = new Actor(home, kind, id);
    home.actors.set(`${kind}/${id}`, made);
    lists.delete(kind);
    return made;
  }
  /** Call it before a reader asks again. */
  function touch(actor: Actor): void {
    version += 1;
    actor.version = version;
    versions.set(actor.kind, version);
    actor.home.latest = version;
    const isShown = actor.goneAtMs === null;
    if (lists.get(actor.kind)?.members.has(actor) === !isShown) lists.delete(actor.kind);
  }
  function listOf(kind: string): KindList {
    const held = lists.get(kind);
    if (held) return held;
    const actors: Actor[] = [];
    for (const site of sites.values()) {
      for (const actor of site.actors.values()) {
        if (actor.kind === kind && actor.goneAtMs === null) actors.push(actor);
      }
    }
    const refs = new Map(actors.map((actor) => [actor, refOf(actor)]));
    actors.sort((a, b) => compare(refs.get(a) ?? "", refs.get(b) ?? ""));
    const byName = new Map<string, Actor[]>();
    for (const actor of actors) {
      byName.set(refs.get(actor) ?? "", [actor]);
      const same = byName.get(actor.id);
      if (same) same.push(actor);
      else byName.set(actor.id, [actor]);
    }
    const made = { actors, members: new Set(actors), byName };
    lists.set(kind, made);
    return made;
  }

  const view: View = {
    sites,
    site: (site) => sites.get(site) ?? makeSite(site),
    actor: (key) => view.find(key) ?? makeActor(key),
    find: ({ site, kind, id }) => sites.get(site)?.actors.get(`${kind}/${id}`),
    shown: (kind) => listOf(kind).actors,
    named: (kind, name) => listOf(kind).byName.get(name) ?? [],
    latest: (kind) => versions.get(kind) ?? 0,
    isOnline: (site) => sites.get(site)?.online === true,
    isStale: ({ home, unreadable, held }) => {
      if (home.online !== true || unreadable || !held) return true;
      return held.session !== home.info?.session;
    },
    siteChanged: (site) => {
      site.version += 1;
      for (const actor of site.actors.values()) touch(actor);
      feed.site(site.site);
    },
    actorChanged: (actor) => {
      touch(actor);
      feed.actor(actor);
    },
    telemetryChanged: (actor) => {
      touch(actor);
      feed.telemetry(actor);
    },
  };
  return view;
}

type KindList = {
  actors: readonly Actor[];
  members: ReadonlySet<Actor>;
  byName: ReadonlyMap<string, readonly Actor[]>;
};

/** `<site>~<id>`: the name of an actor across all sites. */
export const refOf = ({ site, id }: { site: string; id: string }) => `${site}~${id}`;

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
