/** Births, availability and states: the part of the wire where only the last word counts. */
import type { ActorKey } from "../feed.ts";
import type { Actor, KnownState, Site, View } from "../view.ts";
import type { SiteInfo, Telemetry } from "../../machines/site/site.contract.ts";
import type { Pending } from "./pending.ts";

/** A site with more is misconfigured or hostile; the rest of it is turned away and counted. */
const mostActorsPerSite = 5_000;

export type States = {
  availability(site: Site, online: boolean): void;
  birth(site: Site, info: SiteInfo, nowMs: number): void;
  /** @returns false when the site has too many actors already */
  state(key: ActorKey, state: KnownState, nowMs: number): boolean;
  unreadable(key: ActorKey): void;
  /** An empty retained payload: the site has cleared this actor. */
  cleared(key: ActorKey, nowMs: number): void;
  actorAvailability(key: ActorKey, online: boolean): void;
  telemetry(site: Site, telemetry: Telemetry, nowMs: number): void;
  /** Our own link is down: nothing is known to be online. */
  linkDown: () => void;
};

export function statesOf(view: View, pending: Pending): States {
  function inInventory(key: ActorKey): boolean {
    const { info } = view.site(key.site);
    if (!info || key.kind === "site") return true;
    return info.inventory.some(({ kind, id }) => kind === key.kind && id === key.id);
  }
  /**
   * The actor, which may be new; undefined: its site has too many already. One that is known is
   * gone or not as of the last birth.
   */
  function actorOf(key: ActorKey, nowMs = 0): Actor | undefined {
    const known = view.find(key);
    if (known) return known;
    if (view.site(key.site).actors.size >= mostActorsPerSite) return undefined;
    const made = view.actor(key);
    if (!inInventory(key)) made.goneAtMs = nowMs;
    return made;
  }

  return {
    availability: (site, online) => {
      if (site.online === online) return;
      site.online = online;
      pending.site(site);
      if (!online) pending.hurry(site.site);
      view.siteChanged(site);
    },
    birth: (site, info, nowMs) => {
      site.info = info;
      pending.site(site);
      for (const { kind, id } of info.inventory.slice(0, mostActorsPerSite)) {
        const actor = view.actor({ site: site.site, kind, id });
        if (actor.goneAtMs === null) continue;
        actor.goneAtMs = null;
        pending.actor(actor);
      }
      for (const actor of site.actors.values()) {
        if (actor.goneAtMs === null && !inInventory(actor)) {
          actor.goneAtMs = nowMs;
          actor.telemetry = null;
          pending.actor(actor);
          view.actorChanged(actor);
        }
        const { early } = actor;
        if (early?.session === info.session) {
          actor.state = early;
          actor.unreadable = false;
          pending.actor(actor);
        }
        // What waited for another session was left over from an older one.
        actor.early = null;
      }
      view.siteChanged(site);
    },
    state: (key, state, nowMs) => {
      const actor = actorOf(key, nowMs);
      if (!actor) return false;
      const session = view.site(key.site).info?.session;
      const { state: held } = actor;
      if (held && held.session === session && state.session !== session) {
        // Left over from an older session, or ahead of its own birth; the birth will tell.
        actor.early = state;
        return true;
      }
      const older = held?.epoch === state.epoch && held.session === state.session;
      if (older && held.seq > state.seq) return true;
      actor.state = state;
      actor.unreadable = false;
      actor.receivedAtMs = nowMs;
      pending.state(actor, nowMs);
      view.actorChanged(actor);
      return true;
    },
    unreadable: (key) => {
      const actor = actorOf(key);
      if (!actor) return;
      actor.unreadable = true;
      view.actorChanged(actor);
    },
    cleared: (key, nowMs) => {
      const actor = view.find(key);
      if (!actor || actor.goneAtMs !== null || inInventory(key)) return;
      actor.goneAtMs = nowMs;
      pending.actor(actor);
      view.actorChanged(actor);
    },
    actorAvailability: (key, online) => {
      const actor = actorOf(key);
      if (!actor || actor.available === online) return;
      actor.available = online;
      view.actorChanged(actor);
    },
    telemetry: (site, telemetry, nowMs) => {
      for (const [id, figures] of Object.entries(telemetry.encoders)) {
        const key = { site: site.site, kind: "encoder", id };
        const actor = view.find(key);
        if (!actor || actor.goneAtMs !== null) continue;
        if (actor.telemetry && actor.telemetry.atMs > telemetry.atMs) continue;
        actor.telemetry = { atMs: telemetry.atMs, receivedAtMs: nowMs, figures };
        view.telemetryChanged(actor);
      }
    },
    linkDown: () => {
      for (const site of view.sites.values()) {
        if (site.online === null) continue;
        site.online = null;
        view.siteChanged(site);
      }
    },
  };
}
