import type { FarEndSight } from "../machines/destination/sight.ts";
import type { FarEndObserver } from "./observers/observer.ts";

/** A look is begun at the latest so long after the one before ended, ms: a busy host is late. */
const slackMs = 500;

/**
 * How long one look of an observer counts, ms: until the next one must have come, whatever the
 * observer needs for it. The machines' limit for a destination is the longest of its observers'.
 */
export function sightMaxAgeMs(everyMs: number, lookLimitMs: number): number {
  return Math.max(3_000, 3 * everyMs, everyMs + lookLimitMs + slackMs);
}

/**
 * Looks at one far end through all of its observers, each at its own pace: one that takes seconds
 * holds up nobody. A sight is told once, when it was made, so that its age is its own; it is told
 * only while no other observer knows better.
 */
export function watchFarEnd(p: {
  observers: readonly FarEndObserver[];
  everyMs: number;
  /** Monotonic milliseconds. */
  now?: () => number;
  tell: (sight: FarEndSight, source: string, provesAbsence: boolean) => void;
}): { lookSoon(): void; close(): Promise<void> } {
  const now = p.now ?? (() => performance.now());
  const closing = new AbortController();
  const latest = new Map<FarEndObserver, Look>();
  const resting = new Set<() => void>();

  function fresh(): Look[] {
    return p.observers.flatMap((observer) => {
      const look = latest.get(observer);
      return look && now() - look.atMs <= sightMaxAgeMs(p.everyMs, observer.lookLimitMs)
        ? [look]
        : [];
    });
  }

  async function watch(observer: FarEndObserver): Promise<void> {
    while (!closing.signal.aborted) {
      const beganMs = now();
      // Not `closing` itself: what is made of a signal that lives on is never quite let go of.
      const limit = new AbortController();
      const stop = () => limit.abort();
      const late = setTimeout(
        () => limit.abort(new DOMException("the look took too long", "TimeoutError")),
        observer.lookLimitMs,
      );
      closing.signal.addEventListener("abort", stop, { once: true });
      const sight = await observer.observe(limit.signal);
      clearTimeout(late);
      closing.signal.removeEventListener("abort", stop);
      if (closing.signal.aborted) return;
      const look = { observer, sight, atMs: now() };
      latest.set(observer, look);
      if (mostTelling(fresh()) === look) p.tell(sight, observer.name, observer.provesAbsence);
      await pause(Math.max(20, p.everyMs - (now() - beganMs)), closing.signal, resting);
    }
  }

  const watches = p.observers.map((observer) => watch(observer));
  return {
    /** Something speaks against what publishes there: the next look is due now. */
    lookSoon() {
      for (const wake of resting) wake();
    },
    async close() {
      closing.abort();
      await Promise.all(watches);
      await Promise.all(p.observers.map((observer) => observer.close()));
    },
  };
}

export type Look = { observer: FarEndObserver; sight: FarEndSight; atMs: number };

/**
 * The look that says most. One that proves absence speaks first, and of several the one that sees
 * a publisher; the others can only add that something is there. Nobody sees anything: the newest,
 * so that this is told as often as it is found out.
 */
export function mostTelling(looks: readonly Look[]): Look | undefined {
  const told = looks.filter(({ sight }) => sight.word !== "unseen");
  const proving = told.filter(({ observer }) => observer.provesAbsence);
  return (
    proving.find(({ sight }) => sight.word === "publishing") ??
    proving[0] ??
    told.find(({ sight }) => sight.word === "publishing") ??
    told[0] ??
    looks.reduce<Look | undefined>(
      (newest, look) => (newest && newest.atMs > look.atMs ? newest : look),
      undefined,
    )
  );
}

/** Until the time is up, `signal` aborts, or what it put into `resting` is called. */
function pause(ms: number, signal: AbortSignal, resting: Set<() => void>): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resting.delete(end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
    resting.add(end);
  });
}
