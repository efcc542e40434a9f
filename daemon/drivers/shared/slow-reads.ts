import { DriverError } from "../driver.ts";

/** What a box answered wrongly this often in a row counts as something it lacks. */
const failuresUntilMissing = 2;
/** What a box lacks is looked for again so seldom. */
const missingRestMs = 600_000;

export type SlowRead<T> = {
  /** What was read, for four turns (at least 60 s) or until a re-read fails; then unknown. */
  value(): T | undefined;
  /** What was read back after a set, so that it need not be read again. */
  note(value: T): void;
  /** What was read no longer holds: read it first, say nothing yet. */
  forget(): void;
  /** Read it now, whenever it was read last. */
  read(signal: AbortSignal): Promise<T | undefined>;
};

type Slot = {
  everyMs: number;
  dueAtMs: number;
  read(signal: AbortSignal): Promise<unknown>;
  forget(): void;
};

/**
 * What is asked now and then, in turn, because small boxes fall over when all is asked each time
 * (encoder-devices.md §5 items 1 and 2). What a model lacks is remembered and is no fault.
 */
export function openSlowReads(now: () => number) {
  const slots: Slot[] = [];

  function add<T>(everyMs: number, ask: (signal: AbortSignal) => Promise<T>): SlowRead<T> {
    let held: { value: T; readAtMs: number } | undefined;
    let failures = 0;
    const slot: Slot & SlowRead<T> = {
      everyMs,
      dueAtMs: -Infinity,
      value: () =>
        held && now() - held.readAtMs <= Math.max(60_000, 4 * everyMs) ? held.value : undefined,
      note(value) {
        held = { value, readAtMs: now() };
        slot.dueAtMs = now() + everyMs;
      },
      forget() {
        held = undefined;
        slot.dueAtMs = -Infinity;
      },
      async read(signal) {
        slot.dueAtMs = now() + everyMs;
        try {
          slot.note(await ask(signal));
          failures = 0;
        } catch (error) {
          if (!(error instanceof DriverError) || isSilence(error)) throw error;
          held = undefined;
          failures += 1;
          if (failures >= failuresUntilMissing) slot.dueAtMs = now() + missingRestMs;
        }
        return held?.value;
      },
    };
    slots.push(slot);
    return slot;
  }

  return {
    add,
    /** The longest overdue first. Silence ends the round: what counts was read before it. */
    async readDue(atMost: number, signal: AbortSignal): Promise<void> {
      const due = slots
        .filter(({ dueAtMs }) => dueAtMs <= now())
        .sort((a, b) => (a.dueAtMs === b.dueAtMs ? 0 : a.dueAtMs - b.dueAtMs))
        .slice(0, atMost);
      for (const slot of due) {
        try {
          await slot.read(signal);
        } catch (error) {
          if (!(error instanceof DriverError)) throw error;
          return;
        }
      }
    },
    /** After a boot nothing that was read holds. */
    forgetAll: () => {
      for (const slot of slots) slot.forget();
    },
  };
}
export type SlowReads = ReturnType<typeof openSlowReads>;

const isSilence = ({ code }: DriverError) => code === "timeout" || code === "refused";
