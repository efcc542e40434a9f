/**
 * Other systems are told by HTTP what the sites decided, in order and at least once. Each webhook
 * has its place in the list of stored events, so nothing is queued twice and a restart loses nothing.
 */
import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Feed } from "../feed.ts";
import type { DeadRow, NumberedEvent, Store, WebhookRow } from "../store/store.ts";
import { cloudEvent, contentType, isWanted, pingEvent, type CloudEvent } from "./cloud-event.ts";
import { deliver, type Outcome } from "./deliver.ts";
import type { Guard } from "./guard.ts";
import type { Signing } from "./signing.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
/** After the last of these, 16 h, an event is given up and the next one has its turn. */
export const pausesMs = [
  ...[5 * secondMs, 30 * secondMs, 2 * minuteMs, 10 * minuteMs, 30 * minuteMs],
  ...[1, 2, 4, 8].map((hours) => hours * hourMs),
];
const atOnce = 100;
/** With the last try of 10 s, within the time that an answer of REST may take. */
const retryForMs = 15 * secondMs;
export const mostWebhooks = 100;

export type NewWebhook = Pick<WebhookRow, "url" | "types" | "sites" | "createdBy">;
export type Webhooks = Awaited<ReturnType<typeof openWebhooks>>;

type Needs = {
  store: Store;
  feed: Feed;
  guard: Guard;
  signing: Signing;
  /** Name of this hub. */
  hub: string;
  log: Pick<Logger, "warn" | "error">;
  now: () => number;
  pauses?: readonly number[];
};

export async function openWebhooks(needs: Needs) {
  const { store, feed, guard, signing, hub, log, now, pauses = pausesMs } = needs;
  const hooks = new Map((await store.webhooks()).map((row) => [row.id, row]));
  const working = new Map<string, Promise<void>>();
  const timers = new Map<string, NodeJS.Timeout>();
  let isOpen = true;

  const send = async (row: WebhookRow, event: CloudEvent): Promise<Outcome> => {
    const body = JSON.stringify(event);
    const signed = await signing.headers(row, { id: event.id, body, atMs: now() });
    return deliver(row.url, { body, headers: { "content-type": contentType, ...signed } }, guard);
  };
  /** Whoever was deleted meanwhile is not saved again. */
  async function save(row: WebhookRow, change: Partial<WebhookRow>): Promise<void> {
    Object.assign(row, change);
    if (hooks.has(row.id)) await store.saveWebhook(row);
  }

  async function tell(row: WebhookRow, next: NumberedEvent): Promise<boolean> {
    const outcome = await send(row, cloudEvent(hub, next));
    if (!isOpen || !hooks.has(row.id)) return false;
    const done = { position: next.n, attempts: 0, nextTryAtMs: null };
    if (outcome.word === "taken") {
      await save(row, { ...done, deliveredAtMs: now(), error: null });
      return true;
    }
    const { error } = outcome;
    log.warn({ webhook: row.id, code: "webhook_failed", why: error }, "an event was not taken");
    if (outcome.word === "gone") {
      await save(row, { error, disabledAtMs: now() });
      return false;
    }
    const pauseMs = outcome.word === "refused" ? undefined : pauses[row.attempts];
    if (pauseMs === undefined) {
      await store.addDead(row.id, next.n, now(), error);
      await save(row, { ...done, error });
      return true;
    }
    // Spread, so that many that failed together do not come back together.
    const nextTryAtMs = Math.round(now() + pauseMs * (0.9 + Math.random() * 0.2));
    await save(row, { error, attempts: row.attempts + 1, nextTryAtMs });
    return false;
  }

  async function work(row: WebhookRow): Promise<void> {
    for (;;) {
      const events = await store.eventsAfter(row.position, atOnce);
      for (const next of events) {
        if (!isOpen || !hooks.has(row.id) || row.disabledAtMs !== null) return;
        if (!isWanted(row, next)) row.position = next.n;
        else if (!(await tell(row, next))) return;
      }
      if (events.length < atOnce) return;
      // So that a restart does not look at all that nobody wanted once more.
      await save(row, {});
    }
  }

  /** Starts what is due; one at a time for each. */
  function wake(row: WebhookRow): void {
    clearTimeout(timers.get(row.id));
    timers.delete(row.id);
    if (!isOpen || row.disabledAtMs !== null || working.has(row.id)) return;
    const waitMs = (row.nextTryAtMs ?? 0) - now();
    if (waitMs > 0) {
      const timer = setTimeout(() => wake(row), Math.min(waitMs, hourMs));
      timers.set(row.id, timer.unref());
      return;
    }
    if (hooks.get(row.id) !== row) return;
    const round = work(row)
      .catch((error: unknown) => {
        log.error({ err: error, webhook: row.id, code: "webhook_broken" }, "webhook");
        row.nextTryAtMs = now() + minuteMs;
      })
      .then(async () => {
        working.delete(row.id);
        // What came while the last page was being told.
        const isBehind = (await store.newestEvent()) > row.position;
        if (isOpen && (row.nextTryAtMs !== null || isBehind)) wake(row);
      })
      .catch((error: unknown) => log.error({ err: error, code: "webhook_broken" }, "webhook"));
    working.set(row.id, round);
  }
  const wakeAll = () => {
    for (const row of hooks.values()) wake(row);
  };
  const unsubscribe = feed.onTick(({ events }) => {
    if (events.length > 0) wakeAll();
  });
  wakeAll();

  return {
    all: () => [...hooks.values()],
    get: (id: string) => hooks.get(id),
    secretOf: (row: WebhookRow) => signing.secretOf(row),
    check: (url: string) => guard.check(new URL(url)),
    /** From the next event on. */
    async add(asked: NewWebhook): Promise<WebhookRow> {
      const row: WebhookRow = {
        ...asked,
        id: randomBytes(6).toString("hex"),
        ...{ createdAtMs: now(), generation: 1, position: await store.newestEvent() },
        ...{ attempts: 0, nextTryAtMs: null, deliveredAtMs: null },
        ...{ error: null, disabledAtMs: null },
      };
      hooks.set(row.id, row);
      await store.saveWebhook(row);
      return row;
    },
    async remove(id: string): Promise<boolean> {
      clearTimeout(timers.get(id));
      hooks.delete(id);
      return store.deleteWebhook(id);
    },
    /** The old secret ends at once. */
    renew: (row: WebhookRow) => save(row, { generation: row.generation + 1 }),
    ping: (row: WebhookRow) => send(row, pingEvent(hub, row.id, now())),
    dead: (row: WebhookRow): Promise<DeadRow[]> => store.dead(row.id, 1_000),
    /** Once more, now, whatever was said before; one that is gone is asked again. */
    async retry(row: WebhookRow): Promise<{ taken: number; left: number }> {
      await save(row, { disabledAtMs: null, nextTryAtMs: null });
      const dead = await store.dead(row.id, 1_000);
      const endsAtMs = now() + retryForMs;
      let taken = 0;
      for (const one of dead) {
        if (now() >= endsAtMs) break;
        if ((await send(row, cloudEvent(hub, one))).word !== "taken") break;
        await store.takeDead(row.id, one.n);
        taken += 1;
      }
      wake(row);
      return { taken, left: dead.length - taken };
    },
    async close(): Promise<void> {
      isOpen = false;
      unsubscribe();
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all(working.values());
    },
  };
}
