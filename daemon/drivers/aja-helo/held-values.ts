import { DriverError } from "../driver.ts";
import type { Device } from "./device.ts";

/** A parameter to be read now and then. */
export type Slow = { name: string; everyMs: number };

/** A parameter that this unit does not have is looked for again so seldom. */
const missingRestMs = 600_000;
/** What could not be read is tried again so soon, however seldom it is read. */
const tryAgainMs = 60_000;
/** What was never read counts as overdue this much: what matters is not let go stale for it. */
const unreadOverdue = 2;
/** After so many answers in a row that were no parameter, it counts as one the unit lacks. */
const failuresUntilMissing = 2;

type Held = {
  value?: string;
  readAtMs?: number;
  /** When it was read last, or should have been: a reading that is broken off tells nothing. */
  triedAtMs?: number;
  /** To be read before all others. */
  urgent?: boolean;
  failures: number;
  restsUntilMs: number;
};

/**
 * Values read in turn, because a HELO collapses under polling (encoder-devices.md §1.10, §5). A
 * value is held until four turns are missed (at least 60 s) or its re-read fails; then it is
 * unknown again. What a model lacks is remembered by name and is no fault.
 */
export function openHeldValues(device: Device, now: () => number) {
  const all = new Map<string, Held>();

  function held(name: string): Held {
    const known = all.get(name) ?? { failures: 0, restsUntilMs: 0 };
    all.set(name, known);
    return known;
  }
  function note(name: string, value: string): void {
    const nowMs = now();
    all.set(name, { value, readAtMs: nowMs, triedAtMs: nowMs, failures: 0, restsUntilMs: 0 });
  }
  const keepMs = (everyMs: number) => Math.max(60_000, 4 * everyMs);

  async function read(name: string, signal: AbortSignal): Promise<string | undefined> {
    const slot = held(name);
    slot.triedAtMs = now();
    slot.urgent = false;
    try {
      const value = await device.read(name, signal);
      if (value !== undefined) {
        note(name, value);
        return value;
      }
    } catch (error) {
      // A page in place of a parameter is how a unit may say "no such thing"; nobody recorded it.
      const odd =
        error instanceof DriverError && ["malformed", "unauthorized"].includes(error.code);
      if (!odd) throw error;
    }
    delete slot.value;
    delete slot.readAtMs;
    slot.failures += 1;
    if (slot.failures >= failuresUntilMissing) slot.restsUntilMs = now() + missingRestMs;
    return undefined;
  }

  return {
    read,
    /** What was read back after a set, so that it need not be read again. */
    note,
    /** Whether the unit may have it, as far as is known. */
    worthReading: (name: string) => (all.get(name)?.restsUntilMs ?? 0) <= now(),
    /** Of `wanted`, what is due, the longest overdue (by its own measure) first. */
    due(wanted: Slow[]): string[] {
      const overdue = ({ name, everyMs }: Slow) => {
        const { readAtMs, triedAtMs, urgent } = all.get(name) ?? {};
        if (urgent) return Infinity;
        if (triedAtMs === undefined) return unreadOverdue;
        const isRead = readAtMs !== undefined && readAtMs >= triedAtMs;
        return (now() - triedAtMs) / (isRead ? everyMs : Math.min(everyMs, tryAgainMs));
      };
      return wanted
        .filter(({ name }) => (all.get(name)?.restsUntilMs ?? 0) <= now())
        .map((slow) => ({ name: slow.name, overdue: overdue(slow) }))
        .filter(({ overdue }) => overdue >= 1)
        .sort((a, b) => (a.overdue === b.overdue ? 0 : b.overdue - a.overdue))
        .map(({ name }) => name);
    },
    value({ name, everyMs }: Slow): string | undefined {
      const { value, readAtMs = -Infinity } = all.get(name) ?? {};
      return now() - readAtMs <= keepMs(everyMs) ? value : undefined;
    },
    /** What was read at most `maxAgeMs` ago. */
    fresh(name: string, maxAgeMs: number): string | undefined {
      const { value, readAtMs = -Infinity } = all.get(name) ?? {};
      return now() - readAtMs <= maxAgeMs ? value : undefined;
    },
    /** What was read no longer holds (a new destination): read it first, say nothing yet. */
    forget(names: Iterable<string>): void {
      for (const name of names) all.delete(name);
    },
    /** After a boot nothing else holds. */
    forgetAllBut(name: string): void {
      for (const other of [...all.keys()]) if (other !== name) all.delete(other);
    },
    forgetOlder(ms: number): void {
      for (const [name, { readAtMs, triedAtMs = -Infinity }] of [...all])
        if (now() - (readAtMs ?? triedAtMs) > ms) all.delete(name);
    },
    /** When it was read or told last, by `now`; also where that brought no value. */
    triedAtMs: (name: string) => all.get(name)?.triedAtMs,
    readAtMs: (name: string) => all.get(name)?.readAtMs,
    /** Read it first, but what was read holds until then. */
    hurry(names: Iterable<string>): void {
      for (const name of names) held(name).urgent = true;
    },
    isUrgent: (name: string) => all.get(name)?.urgent === true,
    /** Events may have been missed: read everything again, what was read holds until then. */
    hurryAll(): void {
      for (const slot of all.values()) slot.urgent = true;
    },
  };
}
export type HeldValues = ReturnType<typeof openHeldValues>;
