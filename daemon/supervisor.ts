import type { EncoderReading, PollFailure } from "../machines/encoder/reading.ts";
import type { Ask } from "./circuit.ts";
import type { DeviceSession } from "./device-session.ts";
import { DriverError, type EncoderDriver, NotAsked } from "./drivers/driver.ts";
import { isGivenUp } from "./drivers/shared/given-up.ts";

export type Sightings = {
  /** `sinceOursMs`: how long ago the last command of ours ended; 0 while one is under way. */
  reading(reading: EncoderReading, sinceOursMs: number): void;
  unreadable(failure: PollFailure, detail: string): void;
};

/** One box under watch. */
export type Supervised = {
  /**
   * Do one thing with the box, after whatever is under way with it; a poll gives way at once.
   * Aborting `signal` gives it up, also while it waits for its turn. A box that fails is left alone
   * for a while, except for what must be done.
   */
  run<T>(
    signal: AbortSignal,
    work: (driver: EncoderDriver, signal: AbortSignal) => Promise<T>,
    about?: Pick<Ask<T>, "must" | "isAnswer">,
  ): Promise<T>;
  /** Something has happened to the box: look now, unless it was asked just now. */
  pollSoon(): void;
  /** How many commands wait for their turn with it. */
  waiting(): number;
  close(): Promise<void>;
};

/** No poll may take longer, ms. */
export const pollLimitMs = 10_000;
/** Who is asked more often is under suspicion: then also a driver that reports all by itself. */
const calmFromMs = 1_000;
/** Hints may be forged: however many come, a box is not asked more often for them. */
const hintedPollGapMs = 1_000;

/**
 * Asks one box again and again, never two things at a time. It knows no thresholds and decides
 * nothing: each answer and each failure is passed on.
 */
export function supervise(p: {
  driver: EncoderDriver;
  tell: Sightings;
  /** How long until the next poll, ms; asked after each. */
  pollEveryMs: () => number;
  /** Polls go out also while the box is left alone: it has to be met as soon as it answers. */
  mustPoll?: () => boolean;
  /** Left out where nothing is asked over a network. */
  session?: DeviceSession;
}): Supervised {
  const { driver, tell } = p;
  const ask: DeviceSession["ask"] = (work, about) =>
    p.session ? p.session.ask(work, about) : work();
  const closing = new AbortController();
  let tail: Promise<unknown> = Promise.resolve();
  let poll: AbortController | undefined;
  /** One that was not used up stops the next poll: with 300 boxes a second they are much to make. */
  let unused: AbortController | undefined;
  let timer: NodeJS.Timeout | undefined;
  let waiting = 0;
  let underWay = 0;
  let isHinted = false;
  let polledAtMs = -Infinity;
  /** What an earlier run began may still be settling when this one begins. */
  let oursEndedAtMs = performance.now();
  let reportedAtMs = -Infinity;

  const tellReading = (reading: EncoderReading) =>
    tell.reading(reading, waiting > 0 ? 0 : performance.now() - oursEndedAtMs);

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = tail.then(work);
    tail = mine.catch(() => undefined);
    return mine;
  }

  /** A poll would tell no more. Who is suspect is asked as well, more often than it reports. */
  function isToldAnyway(): boolean {
    const everyMs = p.pollEveryMs();
    if (isHinted || everyMs < calmFromMs || reportedAtMs < oursEndedAtMs) return false;
    return performance.now() - reportedAtMs < everyMs;
  }

  async function pollOnce(): Promise<void> {
    if (waiting > 0 || closing.signal.aborted || isToldAnyway()) return;
    isHinted = false;
    polledAtMs = performance.now();
    const mine = unused ?? new AbortController();
    unused = undefined;
    poll = mine;
    const { signal } = mine;
    // Ends with the poll. AbortSignal.timeout stays for its 10 s: of 300 boxes that is thousands.
    const limit = setTimeout(
      () => mine.abort(new DOMException("the poll took too long", "TimeoutError")),
      pollLimitMs,
    );
    try {
      tellReading(await ask(() => driver.poll(signal), { signal, must: p.mustPoll?.() ?? false }));
    } catch (cause) {
      // Given up for something more urgent, or not asked: that says nothing about the box.
      if (isGivenUp(signal) || cause instanceof NotAsked) return;
      const failure = pollFailureOf(cause);
      if (!failure) throw cause;
      tell.unreadable(failure, cause instanceof Error ? cause.message : "no answer");
    } finally {
      clearTimeout(limit);
      poll = undefined;
      if (!signal.aborted) unused = mine;
    }
  }

  function schedule(ms: number): void {
    clearTimeout(timer);
    if (closing.signal.aborted) return;
    const hintedMs = Math.max(polledAtMs + hintedPollGapMs - performance.now(), 0);
    timer = setTimeout(
      () => {
        inTurn(pollOnce).then(
          () => schedule(p.pollEveryMs()),
          (cause: unknown) => {
            // A bug in a driver must be seen, and must not end the watch over its box.
            tell.unreadable("malformed", cause instanceof Error ? cause.message : String(cause));
            schedule(p.pollEveryMs());
          },
        );
      },
      isHinted ? Math.min(ms, hintedMs) : ms,
    );
  }

  driver.watch?.((reading) => {
    if (driver.reportsAll) reportedAtMs = performance.now();
    tellReading(reading);
  });
  schedule(0);

  return {
    async run(signal, work, about) {
      waiting += 1;
      poll?.abort();
      try {
        const limit = AbortSignal.any([signal, closing.signal]);
        const done = inTurn(() => {
          limit.throwIfAborted();
          underWay += 1;
          const working = ask(() => work(driver, limit), { ...about, signal: limit });
          return working.finally(() => (underWay -= 1));
        });
        return await Promise.race([done, givenUp(limit)]);
      } finally {
        waiting -= 1;
        oursEndedAtMs = performance.now();
        // What it changed should be seen soon.
        schedule(Math.min(250, p.pollEveryMs()));
      }
    },
    pollSoon() {
      isHinted = true;
      // One that is under way may have read what is over by now: it is followed by another.
      if (!poll && waiting === 0) schedule(p.pollEveryMs());
    },
    waiting: () => Math.max(waiting - underWay, 0),
    async close() {
      closing.abort();
      poll?.abort();
      clearTimeout(timer);
      await tail;
      await driver.close();
    },
  };
}

/** A driver says by itself why it gave up, and gets so long for it, ms. */
const lastWordMs = 500;

/**
 * Rejects when `signal` aborts and nobody has answered soon after: a driver that hangs must not
 * hold up the one who asked. What it began stays in its turn, so no second call overlaps it.
 */
function givenUp(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const late = () => setTimeout(() => reject(signal.reason as Error), lastWordMs).unref();
    if (signal.aborted) late();
    else signal.addEventListener("abort", late, { once: true });
  });
}

function pollFailureOf(cause: unknown): PollFailure | undefined {
  if (!(cause instanceof DriverError)) return undefined;
  const { code } = cause;
  return code === "staleKey" || code === "notPossible" || code === "failed" ? "malformed" : code;
}
