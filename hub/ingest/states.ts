/** Births, availability and states: the part of the wire where only the last word counts. */
import type { SiteInfo, Telemetry } from "../../machines/site/site.contract.ts";
import type { ActorKey } from "../actor.ts";
import { HeldState, type KnownState } from "../held-state.ts";
import type { Actor, Site, View } from "../view.ts";
import type { Pending } from "./pending.ts";

/** A site with more is misconfigured or hostile; the rest of it is turned away and counted. */
const mostActorsPerSite = 5_000;

export type States = {
  availability(site: Site, online: boolean): void;
  birth(site: Site, info: SiteInfo, nowMs: number): void;
  /**
   * The actor, which may be new; undefined: its site has too many already. One that is known is
   * gone or not as of the last birth.
   */
  actor(key: ActorKey, nowMs: number): Actor | undefined;
  /** @param state what `text` says */
  state(actor: Actor, text: string, state: KnownState, nowMs: number): void;
  unreadable(actor: Actor): void;
  /** An empty retained payload: the site has cleared this actor. */
  cleared(key: ActorKey, nowMs: number): void;
  actorAvailability(actor: Actor, online: boolean): void;
  telemetry(site: Site, telemetry: Telemetry, nowMs: number): void;
  /** Our own link is down: nothing is known to be online. */
  linkDown: () => void;
};

export function statesOf(view: View, pending: Pending): States {
  function inInventory({ site, kind, id }: ActorKey): boolean {
    const { info } = view.site(site);
    if (!info || kind === "site") return true;
    return info.inventory.some((item) => item.kind === kind && item.id === id);
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
          actor.held = early;
          actor.unreadable = false;
          pending.actor(actor);
        }
        // What waited for another session was left over from an older one.
        actor.early = null;
      }
      view.siteChanged(site);
    },
    actor: (key, nowMs) => {
      const known = view.find(key);
      if (known || view.site(key.site).actors.size >= mostActorsPerSite) return known;
      const made = view.actor(key);
      if (!inInventory(made)) made.goneAtMs = nowMs;
      return made;
    },
    state: (actor, text, state, nowMs) => {
      const session = actor.home.info?.session;
      const { held } = actor;
      const next = new HeldState(actor.kind, text, state, held);
      if (held && held.session === session && state.session !== session) {
        // Left over from an older session, or ahead of its own birth; the birth will tell.
        actor.early = next;
        return;
      }
      const older = held?.epoch === state.epoch && held.session === state.session;
      if (older && held.seq > state.seq) return;
      actor.held = next;
      actor.unreadable = false;
      actor.receivedAtMs = nowMs;
      // The next hub knows of it, also where this one is killed within the minute.
      if (held === null) pending.actor(actor);
      else pending.state(actor, nowMs);
      view.actorChanged(actor);
    },
    unreadable: (actor) => {
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
    actorAvailability: (actor, online) => {
      if (actor.available === online) return;
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
