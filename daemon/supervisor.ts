import type { EncoderReading, PollFailure } from "../machines/encoder/reading.ts";
import { DriverError, type EncoderDriver } from "./drivers/driver.ts";

export type Sightings = {
  reading(reading: EncoderReading): void;
  unreadable(failure: PollFailure, detail: string): void;
};

/** One box under watch. */
export type Supervised = {
  /**
   * Do one thing with the box, after whatever is under way with it; a poll gives way at once.
   * Aborting `signal` gives it up, also while it waits for its turn.
   */
  run<T>(
    signal: AbortSignal,
    work: (driver: EncoderDriver, signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  close(): Promise<void>;
};

const pollLimitMs = 10_000;

/**
 * Asks one box again and again, never two things at a time. It knows no thresholds and decides
 * nothing: each answer and each failure is passed on.
 */
export function supervise(p: {
  driver: EncoderDriver;
  tell: Sightings;
  /** How long until the next poll, ms; asked after each. */
  pollEveryMs: () => number;
}): Supervised {
  const { driver, tell } = p;
  const closing = new AbortController();
  let tail: Promise<unknown> = Promise.resolve();
  let poll: AbortController | undefined;
  let timer: NodeJS.Timeout | undefined;
  let waiting = 0;

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = tail.then(work);
    tail = mine.catch(() => undefined);
    return mine;
  }

  async function pollOnce(): Promise<void> {
    if (waiting > 0 || closing.signal.aborted) return;
    const mine = new AbortController();
    poll = mine;
    const limit = AbortSignal.any([mine.signal, closing.signal, AbortSignal.timeout(pollLimitMs)]);
    try {
      tell.reading(await driver.poll(limit));
    } catch (cause) {
      // Given up for something more urgent: that says nothing about the box.
      if (mine.signal.aborted || closing.signal.aborted) return;
      const failure = pollFailureOf(cause);
      if (!failure) throw cause;
      tell.unreadable(failure, cause instanceof Error ? cause.message : "no answer");
    } finally {
      poll = undefined;
    }
  }

  function schedule(ms: number): void {
    clearTimeout(timer);
    if (closing.signal.aborted) return;
    timer = setTimeout(() => {
      inTurn(pollOnce).then(
        () => schedule(p.pollEveryMs()),
        (cause: unknown) => {
          // A bug in a driver must be seen, and must not end the watch over its box.
          tell.unreadable("malformed", cause instanceof Error ? cause.message : String(cause));
          schedule(p.pollEveryMs());
        },
      );
    }, ms);
  }

  driver.watch?.((reading) => tell.reading(reading));
  schedule(0);

  return {
    async run(signal, work) {
      waiting += 1;
      poll?.abort();
      try {
        return await inTurn(() => {
          signal.throwIfAborted();
          return work(driver, AbortSignal.any([signal, closing.signal]));
        });
      } finally {
        waiting -= 1;
        // What it changed should be seen soon.
        schedule(Math.min(250, p.pollEveryMs()));
      }
    },
    async close() {
      closing.abort();
      clearTimeout(timer);
      await tail;
      await driver.close();
    },
  };
}

function pollFailureOf(cause: unknown): PollFailure | undefined {
  if (!(cause instanceof DriverError)) return undefined;
  const { code } = cause;
  return code === "staleKey" || code === "notPossible" || code === "failed" ? "malformed" : code;
}
