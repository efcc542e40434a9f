/**
 * What one tick of ingest will write. A failed commit keeps everything and is tried again; new
 * events are then turned away once the queue is full, because a site sends again what is not acked.
 */
import type { ActorKey } from "../feed.ts";
import type { Batch, Mark } from "../store/store.ts";
import type { Site, View } from "../view.ts";

export type Pending = {
  events: Batch["events"];
  incidents: Batch["incidents"];
  quarantined: Batch["quarantined"];
  lost: Batch["lost"];
  mark(mark: Mark): void;
  site(site: Site): void;
  actor(key: ActorKey): void;
  isFull(): boolean;
  isEmpty(): boolean;
  /** Everything gathered so far; what comes later belongs to the next batch. */
  take(): Batch;
};

const mostEvents = 20_000;

export function openPending(view: View): Pending {
  let marks = new Map<string, Mark>();
  let sites = new Set<string>();
  let actors = new Map<string, ActorKey>();
  const pending: Pending = {
    events: [],
    incidents: [],
    quarantined: [],
    lost: [],
    mark: (mark) => void marks.set(`${mark.site}/${mark.epoch}`, mark),
    site: ({ site }) => void sites.add(site),
    actor: (key) => void actors.set(`${key.site}/${key.kind}/${key.id}`, key),
    isFull: () => pending.events.length + pending.quarantined.length >= mostEvents,
    isEmpty: () =>
      marks.size + sites.size + actors.size + pending.quarantined.length + pending.lost.length ===
      0,
    take: () => {
      const batch: Batch = {
        sites: [...sites].map((id) => {
          const { site, info, lastSeenMs } = view.site(id);
          return { site, info, lastSeenMs };
        }),
        actors: [...actors.values()].map((key) => {
          const { site, kind, id, state, receivedAtMs, goneAtMs } = view.actor(key);
          return { site, kind, id, state, receivedAtMs, goneAtMs };
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
      actors = new Map();
      return batch;
    },
  };
  return pending;
}
