/** "This changed", told to whoever shows it: page, sockets, metrics. */
import type { SiteEvent } from "../machines/site/site.contract.ts";
import type { Incident } from "../machines/stream/stream.contract.ts";
import type { Actor } from "./actor.ts";

/** Changes told at once in one window. */
const toldAtOnce = 32;

export type Changes = {
  /** Sites whose availability or birth changed; everything of theirs may be stale now. */
  sites: string[];
  actors: Actor[];
  /** In the order the sites decided them. */
  events: { site: string; event: SiteEvent }[];
  incidents: { site: string; incident: Incident }[];
  /** Encoders with a new fast reading only; their state is the same. */
  telemetry: Actor[];
};

export type Feed = {
  site(site: string): void;
  actor(actor: Actor): void;
  telemetry(actor: Actor): void;
  event(site: string, event: SiteEvent): void;
  incident(site: string, incident: Incident): void;
  /** @returns a function that ends the subscription */
  onTick(listener: (changes: Changes) => void): () => void;
  close(): void;
};

/**
 * A change is told at once while little changes. Of many, the first are; the rest is gathered until
 * the window ends, and a thing that changes ten times meanwhile is told once.
 * @param windowMs how long at most changes are gathered
 */
export function openFeed(windowMs = 100): Feed {
  const listeners = new Set<(changes: Changes) => void>();
  let sites = new Set<string>();
  let actors = new Set<Actor>();
  let telemetry = new Set<Actor>();
  let events: Changes["events"] = [];
  let incidents = new Map<string, { site: string; incident: Incident }>();
  let timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  let window = { beganMs: 0, told: 0 };

  function tick(): void {
    timer = undefined;
    const nowMs = performance.now();
    if (nowMs - window.beganMs >= windowMs) window = { beganMs: nowMs, told: 0 };
    window.told += sites.size + actors.size + telemetry.size + events.length + incidents.size;
    const changes: Changes = {
      sites: [...sites],
      actors: [...actors],
      events,
      incidents: [...incidents.values()],
      telemetry: [...telemetry].filter((actor) => !actors.has(actor)),
    };
    sites = new Set();
    actors = new Set();
    telemetry = new Set();
    events = [];
    incidents = new Map();
    for (const listener of listeners) listener(changes);
  }
  function soon(): void {
    if (timer !== undefined) return;
    const leftMs = window.beganMs + windowMs - performance.now();
    if (leftMs <= 0 || window.told < toldAtOnce) timer = setImmediate(tick);
    else timer = setTimeout(tick, leftMs);
  }

  return {
    site: (site) => void (sites.add(site), soon()),
    actor: (actor) => void (actors.add(actor), soon()),
    telemetry: (actor) => void (telemetry.add(actor), soon()),
    event: (site, event) => void (events.push({ site, event }), soon()),
    incident: (site, incident) =>
      void (incidents.set(`${site}/${incident.id}`, { site, incident }), soon()),
    onTick: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => {
      clearTimeout(timer as NodeJS.Timeout | undefined);
      clearImmediate(timer as NodeJS.Immediate | undefined);
      listeners.clear();
    },
  };
}
