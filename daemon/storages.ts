import type { StorageEvent } from "../machines/storage/storage.events.ts";
import { DriverError } from "./drivers/driver.ts";
import type { StorageDriver } from "./drivers/storage.ts";

/** Hints may be forged: however many come, it is not asked more often for them. */
const hintedGapMs = 5_000;
/** One poll may take so long, ms. */
export const pollLimitMs = 10_000;

type Told = Extract<StorageEvent, { type: "reading" | "unreadable" }>;

/**
 * Asks one storage again and again, never two things at a time, and passes on what it said. One
 * that never answers is told of once a limit; what it holds up is only itself.
 */
export function watchStorage(p: {
  driver: StorageDriver;
  everyMs: number;
  tell: (event: Told) => void;
}): { lookSoon(): void; close(): Promise<void> } {
  const { driver, tell } = p;
  const closing = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let polledAtMs = -Infinity;
  let isPolling = false;
  let isHinted = false;
  let poll: Promise<void> = Promise.resolve();

  async function pollOnce(): Promise<void> {
    // Not `closing` itself: what is made of a signal that lives on is never quite let go of.
    const limit = new AbortController();
    const stop = () => limit.abort();
    const late = setTimeout(
      () => limit.abort(new DOMException("the poll took too long", "TimeoutError")),
      pollLimitMs,
    );
    closing.signal.addEventListener("abort", stop, { once: true });
    try {
      tell({ type: "reading", reading: { media: await driver.poll(limit.signal) } });
    } catch (cause) {
      if (!closing.signal.aborted) tell({ type: "unreadable", ...failureOf(cause) });
    } finally {
      clearTimeout(late);
      closing.signal.removeEventListener("abort", stop);
    }
  }

  function schedule(ms: number): void {
    clearTimeout(timer);
    if (closing.signal.aborted) return;
    const hintedMs = Math.max(polledAtMs + hintedGapMs - performance.now(), 0);
    timer = setTimeout(() => void look(), isHinted ? Math.min(ms, hintedMs) : ms);
  }
  async function look(): Promise<void> {
    isHinted = false;
    isPolling = true;
    polledAtMs = performance.now();
    poll = pollOnce();
    await poll;
    isPolling = false;
    schedule(p.everyMs);
  }
  schedule(0);

  return {
    /** Something speaks for it: the next look is due now, unless it was looked at just now. */
    lookSoon() {
      if (isHinted) return;
      isHinted = true;
      // What is read under way may be over by now: it is followed by another.
      if (!isPolling) schedule(p.everyMs);
    },
    async close() {
      closing.abort();
      clearTimeout(timer);
      await poll;
      await driver.close();
    },
  };
}

/** A bug in a driver must be seen, and must not end the watch over its storage. */
function failureOf(
  cause: unknown,
): Pick<Extract<Told, { type: "unreadable" }>, "failure" | "detail"> {
  const detail = cause instanceof Error ? cause.message : String(cause);
  if (!(cause instanceof DriverError)) return { failure: "malformed", detail };
  const { code } = cause;
  const isOdd = code === "staleKey" || code === "notPossible" || code === "failed";
  return { failure: isOdd ? "malformed" : code, detail };
}
