import type { AckOutcome, Outbox } from "../journal/outbox.ts";

/** Events under way to the broker at a time. */
const windowEvents = 64;

/**
 * Sends the events no hub has yet, in order, in windows, from the lowest cursor of the hubs. The
 * broker's PUBACK only opens the next window; only a hub's own ack moves a cursor, and what it has
 * not acknowledged after a while is sent again.
 */
export function sendOutbox(options: {
  outbox: Pick<Outbox, "readPayloads" | "cursor" | "epoch">;
  hubs: readonly string[];
  counts: { eventsSent: number; eventsSentAgain: number };
  resendAfterMs: number;
  publish: (payload: string) => Promise<void>;
  log: { warn: (fields: object, message: string) => void };
}) {
  const { outbox, hubs, counts } = options;
  let running = false;
  /** One per connection: what an earlier one still has under way must not move this one. */
  let run = 0;
  let sentSeq = 0;
  let furthestSeq = 0;
  let epoch = outbox.epoch;
  let awake = false;
  let working = false;
  let reads = 0;
  let isReading = false;
  let resendTimer: NodeJS.Timeout | undefined;
  /** The hub has more than we have: nothing is sent until there is a new epoch. */
  let rolledBackEpoch: string | undefined;

  const lowestCursor = (): number =>
    hubs.length > 0 ? Math.min(...hubs.map((hub) => outbox.cursor(hub))) : sentSeq;

  function wake(): void {
    awake = true;
    if (!working && running) void work(run);
  }

  async function work(mine: number): Promise<void> {
    working = true;
    try {
      while (running && mine === run && awake) {
        awake = false;
        await sendAll(mine);
      }
    } catch (error) {
      // The link broke or the journal did not answer: the next connection, or the resend, goes on
      // from the cursor.
      options.log.warn({ code: "events_interrupted" }, String(error));
      if (mine === run) watch();
    } finally {
      if (mine === run) working = false;
    }
  }

  async function sendAll(mine: number): Promise<void> {
    while (running && mine === run) {
      if (outbox.epoch !== epoch) {
        ({ epoch } = outbox);
        sentSeq = 0;
        furthestSeq = 0;
      }
      if (rolledBackEpoch === epoch) return;
      const from = sentSeq;
      reads += 1;
      isReading = true;
      const rows = await outbox.readPayloads(from, windowEvents).finally(() => (isReading = false));
      if (mine !== run) return;
      // A replay asked for while we read: begin again from there.
      if (sentSeq !== from || outbox.epoch !== epoch) continue;
      const last = rows.at(-1);
      if (!last) return;
      counts.eventsSent += rows.length;
      counts.eventsSentAgain += rows.filter(({ seq }) => seq <= furthestSeq).length;
      furthestSeq = Math.max(furthestSeq, last.seq);
      await Promise.all(rows.map(({ payload }) => options.publish(payload)));
      if (mine !== run) return;
      if (sentSeq === from) sentSeq = last.seq;
      watch();
    }
  }

  /** What has been sent and is not acknowledged in time goes out again. */
  function watch(): void {
    if (resendTimer || !running) return;
    const cursorThen = lowestCursor();
    resendTimer = setTimeout(() => {
      resendTimer = undefined;
      const cursor = lowestCursor();
      if (!running || (cursor >= sentSeq && !working && !awake)) return;
      if (cursor === cursorThen && !working) {
        sentSeq = cursor;
        wake();
      }
      watch();
    }, options.resendAfterMs);
    resendTimer.unref();
  }

  return {
    start(): void {
      running = true;
      run += 1;
      working = false;
      sentSeq = lowestCursor();
      wake();
    },
    stop(): void {
      running = false;
      run += 1;
      working = false;
      isReading = false;
      clearTimeout(resendTimer);
      resendTimer = undefined;
    },
    committed(seq: number): void {
      if (outbox.epoch !== epoch || seq > sentSeq) wake();
    },
    acknowledged(outcome: AckOutcome): void {
      if (outcome === "rolledBack") rolledBackEpoch = outbox.epoch;
      else if (outcome === "moved") sentSeq = Math.max(sentSeq, lowestCursor());
    },
    /** Names the read of the journal that is under way; undefined: it waits for none. */
    reading: (): number | undefined => (isReading ? reads : undefined),
    /** A hub misses something from `seq` on. */
    goBack(seq: number): void {
      sentSeq = Math.min(sentSeq, seq - 1);
      wake();
    },
  };
}
