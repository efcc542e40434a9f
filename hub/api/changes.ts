/**
 * What changes, for one reader who may see it, as fast as that reader takes it: of a thing that
 * changes ten times before the reader comes back, the last state is told.
 */
import type { Incident } from "../../machines/stream/stream.contract.ts";
import type { Caller } from "../auth/caller.ts";
import type { ActorKey } from "../actor.ts";
import type { Feed } from "../feed.ts";
import { refOf, type Actor, type Site, type View } from "../view.ts";
import { touchedBy } from "./touched.ts";

export type Change =
  /** null: it is gone. */
  | { what: "site"; ref: string; site: Site | null }
  | { what: "actor"; kind: string; ref: string; actor: Actor | null }
  | { what: "incident"; ref: string; site: string; incident: Incident };

export type Wanted = {
  /** Kinds of actors; `site` for sites, `incident` for incidents. */
  kinds: readonly string[];
  /** Of this site only. */
  site?: string | undefined;
  /** This actor only; of incidents: this stream's. */
  actor?: ActorKey | undefined;
};

/**
 * First everything wanted as it is now (of incidents: nothing), then what changes.
 * @param signal ends it, also while nothing happens
 */
export async function* changesFor(
  { sites }: Pick<Caller, "sites">,
  { kinds, site: ofSite, actor: only }: Wanted,
  { view, feed }: { view: View; feed: Feed },
  signal: AbortSignal,
): AsyncGenerator<Change, void, undefined> {
  const pending = new Map<string, Change>();
  let wake: () => void = () => undefined;
  const wants = (site: string, kind: string) =>
    kinds.includes(kind) && (sites?.has(site) ?? true) && (ofSite ?? site) === site;
  const add = (change: Change) => {
    const key = `${change.what === "actor" ? change.kind : change.what} ${change.ref}`;
    // Last again: what changes all the time must not keep the others waiting.
    pending.delete(key);
    pending.set(key, change);
  };
  const addSite = (id: string) => {
    if (!only && wants(id, "site")) {
      add({ what: "site", ref: id, site: view.sites.get(id) ?? null });
    }
  };
  const addActor = (actor: Actor) => {
    const { site, kind, id } = actor;
    if (!wants(site, kind) || kind === "site") return;
    if (only && (only.site !== site || only.kind !== kind || only.id !== id)) return;
    const isGone = actor.goneAtMs !== null;
    add({ what: "actor", kind, ref: refOf(actor), actor: isGone ? null : actor });
  };

  for (const [id, { actors }] of view.sites) {
    addSite(id);
    for (const actor of actors.values()) if (actor.goneAtMs === null) addActor(actor);
  }
  const stop = feed.onTick((changes) => {
    for (const id of changes.sites) addSite(id);
    for (const actor of touchedBy(changes, view)) {
      if (actor.kind === "site") addSite(actor.site);
      addActor(actor);
    }
    for (const { site, incident } of changes.incidents) {
      if (!wants(site, "incident")) continue;
      if (only && (only.site !== site || only.id !== incident.stream)) continue;
      add({ what: "incident", ref: `${site}~${incident.id}`, site, incident });
    }
    wake();
  });
  const end = () => wake();
  signal.addEventListener("abort", end);
  try {
    while (!signal.aborted) {
      const next = pending.entries().next().value;
      if (next) {
        pending.delete(next[0]);
        yield next[1];
      } else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal.removeEventListener("abort", end);
    stop();
  }
}
