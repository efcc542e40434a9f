import type { FarEndSight } from "../machines/destination/sight.ts";
import type { FarEndObserver } from "./observers/observer.ts";

const lookLimitMs = 2_000;

/**
 * Looks at one far end at a steady pace, through all of its observers at once. One that proves
 * absence speaks first; the others can only add that something is there.
 */
export function watchFarEnd(p: {
  observers: readonly FarEndObserver[];
  everyMs: number;
  tell: (sight: FarEndSight, source: string, provesAbsence: boolean) => void;
}): { close(): Promise<void> } {
  const closing = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    const beganMs = performance.now();
    const limit = AbortSignal.any([closing.signal, AbortSignal.timeout(lookLimitMs)]);
    const sights = await Promise.all(
      p.observers.map(async (observer) => ({ observer, sight: await observer.observe(limit) })),
    );
    if (closing.signal.aborted) return;
    const { observer, sight } = mostTelling(sights);
    p.tell(sight, observer.name, observer.provesAbsence);
    timer = setTimeout(
      () => void (looking = look()),
      Math.max(20, p.everyMs - (performance.now() - beganMs)),
    );
  }

  if (p.observers.length > 0) looking = look();
  return {
    async close() {
      closing.abort();
      clearTimeout(timer);
      await looking;
      await Promise.all(p.observers.map((observer) => observer.close()));
    },
  };
}

type Look = { observer: FarEndObserver; sight: FarEndSight };

export function mostTelling(looks: readonly Look[]): Look {
  const told = looks.filter(({ sight }) => sight.word !== "unseen");
  const best =
    told.find(({ observer }) => observer.provesAbsence) ??
    told.find(({ sight }) => sight.word === "publishing") ??
    told[0] ??
    looks[0];
  if (!best) throw new Error("a far end without observers cannot be looked at");
  return best;
}
