import type { JournalHealth } from "./journal.ts";
import {
  Shared,
  type EpochMessage,
  type InputMessage,
  type Refusal,
  type RowMessage,
  type ToWriter,
  type TurnMessage,
} from "./writer-protocol.ts";

/** A row until the writer says it is durable. `settle` is set while a turn waits for it. */
type Held = {
  message: RowMessage;
  settle?: (durable: boolean) => void;
  dueMs: number;
  sentMs: number;
};

type Unnumbered<M extends RowMessage> = Omit<M, "row" | "attempt">;
export type NewRow = Unnumbered<InputMessage> | Unnumbered<TurnMessage> | Unnumbered<EpochMessage>;

export type HeldRowsOptions = {
  post: (message: ToWriter | InputMessage) => void;
  shared: SharedArrayBuffer;
  /** Sends `retry` with the number of the new attempt. */
  retry: (attempt: number) => void;
  onHealth: (health: JournalHealth, rowsInMemory: number) => void;
  commitWithinMs: number;
  /** Inputs kept while the disk does not take them. */
  maxInputs: number;
};

/** Rows posted at once when a disk takes them again. */
const chunkRows = 500;
/** Rows under way without an answer before the writer counts as not answering. */
const maxInFlight = 20_000;
const firstRetryMs = 100;
const longestRetryMs = 2_000;

/**
 * The rows that are not on disk yet, in order: *in flight* (posted to the writer) and *waiting*
 * (not posted, because the writer does not answer or the disk refuses). Nothing is lost when the
 * disk refuses or the writer dies: what was in flight goes back to the front and comes again.
 */
export function holdRows(options: HeldRowsOptions) {
  const { post, commitWithinMs } = options;
  const shared = new BigInt64Array(options.shared);
  let inFlight: Held[] = [];
  let waiting: Held[] = [];
  let waitingInputs = 0;
  let row = 0;
  let attempt = 0;
  let health: JournalHealth = "ok";
  /** The disk said no; nothing is posted until the next attempt. */
  let refused: Refusal | undefined;
  /** The disk said no and has not said yes since. */
  let bad: Refusal | undefined;
  let reserveReady = true;
  let trouble: Refusal | undefined;
  /** A turn was given up and the writer has not answered since. */
  let stuck = false;
  /** The last turn that became durable took too long. */
  let late = false;
  let retryMs = firstRetryMs;
  let retryTimer: NodeJS.Timeout | undefined;
  let deadlineTimer: NodeJS.Timeout | undefined;
  let closed = false;
  let whenEmpty: (() => void) | undefined;
  const counts = { droppedInputs: 0, undurableEvents: 0, commits: 0, commitsGivenUp: 0 };

  const held = (): number => inFlight.length + waiting.length;

  function judge(): void {
    const worst = bad ?? trouble;
    const now: JournalHealth =
      worst === "full" || (!worst && !reserveReady)
        ? "full"
        : worst
          ? "failed"
          : stuck || late || waiting.length > 0
            ? "slow"
            : "ok";
    if (now === health) return;
    health = now;
    options.onHealth(health, held());
  }

  function send(entry: Held): void {
    entry.message.attempt = attempt;
    entry.sentMs = performance.now();
    inFlight.push(entry);
    post(entry.message);
  }

  function add(message: NewRow, settle?: (durable: boolean) => void): void {
    row += 1;
    const entry: Held = {
      message: { ...message, row, attempt },
      dueMs: performance.now() + commitWithinMs,
      sentMs: 0,
      ...(settle && { settle }),
    };
    if (!stuck && refused === undefined && waiting.length === 0 && inFlight.length < maxInFlight) {
      send(entry);
    } else {
      waiting.push(entry);
      if (message.kind === "input" && ++waitingInputs > options.maxInputs) dropOldestInputs();
    }
    if (!settle) return;
    if (stuck || refused !== undefined) giveUp(entry);
    else deadlineTimer ??= setTimeout(deadline, commitWithinMs);
  }

  /** A tenth at a time, so that a long outage does not search the queue for every input. */
  function dropOldestInputs(): void {
    let toDrop = Math.ceil(options.maxInputs / 10);
    counts.droppedInputs += toDrop;
    waitingInputs -= toDrop;
    waiting = waiting.filter(({ message }) => message.kind !== "input" || toDrop-- <= 0);
  }

  /** The turn goes on without the disk; its row stays, and will say so. */
  function giveUp(entry: Held): void {
    if (!entry.settle) return;
    if (entry.message.kind === "turn") {
      entry.message.undurable = true;
      counts.undurableEvents += entry.message.events.length;
    }
    counts.commitsGivenUp += 1;
    entry.settle(false);
    delete entry.settle;
  }

  function deadline(): void {
    deadlineTimer = undefined;
    const nowMs = performance.now();
    const overdue = [...inFlight, ...waiting].filter(
      ({ settle, dueMs }) => settle && dueMs <= nowMs,
    );
    const newest = overdue.at(-1);
    if (newest) {
      // Ours first, then theirs: see `Shared`. The answer may be waiting behind a busy event loop.
      Atomics.store(shared, Shared.gaveUpRow, BigInt(newest.message.row));
      const durable = Number(Atomics.load(shared, Shared.durableRow));
      for (const entry of overdue) {
        if (entry.message.row > durable) {
          stuck = true;
          giveUp(entry);
        } else {
          entry.settle?.(true);
          delete entry.settle;
        }
      }
      judge();
    }
    const next = inFlight.find(({ settle }) => settle) ?? waiting.find(({ settle }) => settle);
    if (next) deadlineTimer = setTimeout(deadline, Math.max(1, next.dueMs - performance.now()));
  }

  function pump(): void {
    if (refused !== undefined || inFlight.length > 0 || waiting.length === 0) return;
    for (const entry of waiting.splice(0, chunkRows)) {
      if (entry.message.kind === "input") waitingInputs -= 1;
      send(entry);
    }
    post({ kind: "flush" });
  }

  function backToWaiting(): void {
    for (const { message } of inFlight) if (message.kind === "input") waitingInputs += 1;
    waiting = [...inFlight, ...waiting];
    inFlight = [];
  }

  function tryAgain(): void {
    retryTimer = undefined;
    if (closed) return;
    attempt += 1;
    refused = undefined;
    options.retry(attempt);
    if (waiting.length > 0) pump();
    else post({ kind: "flush" });
  }

  return {
    add,
    durable(upTo: number): void {
      let count = 0;
      const nowMs = performance.now();
      late = false;
      for (const { message, settle, sentMs } of inFlight) {
        if (message.row > upTo) break;
        count += 1;
        if (message.kind === "turn" && nowMs - sentMs > commitWithinMs) late = true;
        settle?.(true);
      }
      inFlight.splice(0, count);
      stuck = false;
      bad = undefined;
      retryMs = firstRetryMs;
      pump();
      judge();
      if (held() === 0) whenEmpty?.();
    },
    refused(why: Refusal, retryNow: boolean): void {
      backToWaiting();
      refused = why;
      bad = why;
      if (retryNow) {
        tryAgain();
        return;
      }
      for (const entry of waiting) giveUp(entry);
      judge();
      retryTimer ??= setTimeout(tryAgain, retryMs);
      retryMs = Math.min(retryMs * 2, longestRetryMs);
    },
    /** The writer died: everything in flight is open again until its successor reports. */
    lostWriter(): void {
      backToWaiting();
      refused = "failed";
      bad = "failed";
      clearTimeout(retryTimer);
      retryTimer = undefined;
      for (const entry of waiting) giveUp(entry);
      judge();
    },
    reserve(ready: boolean): void {
      reserveReady = ready;
      judge();
    },
    trouble(why: Refusal | undefined): void {
      trouble = why;
      judge();
    },
    counts: () => ({ ...counts, rowsInMemory: held() }),
    countCommit: () => void (counts.commits += 1),
    get health() {
      return health;
    },
    get attempt() {
      return attempt;
    },
    /** Resolves when everything is on disk, which on a bad disk may be never. */
    empty: (): Promise<void> =>
      held() === 0 ? Promise.resolve() : new Promise((resolve) => (whenEmpty = resolve)),
    /** No row will be taken or settled any more. Returns how many were never written. */
    close(): number {
      closed = true;
      clearTimeout(retryTimer);
      clearTimeout(deadlineTimer);
      for (const entry of [...inFlight, ...waiting]) giveUp(entry);
      return held();
    },
  };
}
