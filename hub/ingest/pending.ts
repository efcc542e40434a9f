/**
 * What one tick of ingest will write. A failed commit keeps everything and is tried again; new
 * events are then turned away once the queue is full, because a site sends again what is not acked.
 * States wait longer: the broker keeps each, and its site says it again.
 */
import type { Batch, Mark } from "../store/store.ts";
import type { Actor, Site, View } from "../view.ts";

export type Pending = {
  events: Batch["events"];
  incidents: Batch["incidents"];
  quarantined: Batch["quarantined"];
  lost: Batch["lost"];
  mark(mark: Mark): void;
  site(site: Site): void;
  /** It has come or gone. */
  actor(actor: Actor): void;
  /** Only what it says has changed: written within `statesWaitMs`, with the others of its site. */
  state(actor: Actor, nowMs: number): void;
  /** Its states cannot be had again for now: they wait no longer. */
  hurry(site: string): void;
  isFull(): boolean;
  isEmpty(nowMs: number): boolean;
  /** Everything that is due; what comes later belongs to the next batch. */
  take(nowMs: number): Batch;
};

const mostEvents = 20_000;
export const statesWaitMs = 60_000;
/** What is due this soon goes with the first: each batch costs the disk a wait. */
const togetherMs = 1_000;
/** After a start those of all sites are due at once; a batch holds up what waits to be shown. */
const mostWaited = 1_000;

export function openPending(view: View): Pending {
  let marks = new Map<string, Mark>();
  let sites = new Set<string>();
  let actors = new Set<Actor>();
  /** The first that has waited is the first that is due. */
  const waiting = new Map<string, { sinceMs: number; actors: Set<Actor> }>();
  // A clock that was put back must not keep them waiting.
  const hasWaited = ({ sinceMs }: { sinceMs: number }, nowMs: number, ms: number) =>
    Math.abs(nowMs - sinceMs) >= ms;
  function statesAreDue(nowMs: number): boolean {
    const [first] = waiting.values();
    return first !== undefined && hasWaited(first, nowMs, statesWaitMs);
  }
  function hurry(site: string): void {
    for (const actor of waiting.get(site)?.actors ?? []) actors.add(actor);
    waiting.delete(site);
  }
  const pending: Pending = {
    events: [],
    incidents: [],
    quarantined: [],
    lost: [],
    mark: (mark) => void marks.set(`${mark.site}/${mark.epoch}`, mark),
    site: ({ site }) => void sites.add(site),
    actor: (actor) => void actors.add(actor),
    state: (actor, nowMs) => {
      const { site } = actor;
      const held = waiting.get(site);
      if (held) held.actors.add(actor);
      else waiting.set(site, { sinceMs: nowMs, actors: new Set([actor]) });
    },
    hurry,
    isFull: () => pending.events.length + pending.quarantined.length >= mostEvents,
    isEmpty: (nowMs) => {
      if (statesAreDue(nowMs)) return false;
      const { quarantined, lost } = pending;
      return marks.size + sites.size + actors.size + quarantined.length + lost.length === 0;
    },
    take: (nowMs) => {
      for (const [site, held] of statesAreDue(nowMs) ? waiting : []) {
        if (actors.size >= mostWaited) break;
        if (!hasWaited(held, nowMs, statesWaitMs - togetherMs)) break;
        hurry(site);
      }
      const batch: Batch = {
        sites: [...sites].map((id) => {
          const { site, info, lastSeenMs } = view.site(id);
          return { site, info, lastSeenMs };
        }),
        actors: [...actors].map(({ site, kind, id, held, receivedAtMs, goneAtMs }) => {
          return { site, kind, id, state: held?.text ?? null, receivedAtMs, goneAtMs };
        }),
        events: pending.events,
        incidents: pending.incidents,
        quarantined: pending.quarantined,
        lost: pending.lost,
        marks: [...marks.values()],
      };
      pending.events = [];
      pending.incidents = [];
      pending.quarantined = [];
      pending.lost = [];
      marks = new Map();
      sites = new Set();
      actors = new Set();
      return batch;
    },
  };
  return pending;
}
