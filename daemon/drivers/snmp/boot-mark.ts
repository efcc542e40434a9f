import { randomUUID } from "node:crypto";

const wrapsAt = 2 ** 32;
/** Agents round, cache and drift: 10 s, and 1 % of the time between two looks. */
const toleranceTicks = 1_000;
const toleranceRatio = 0.01;

/** `host`: hrSystemUptime. `agent`: sysUpTime, which also starts anew with the agent alone. */
export type Uptime = { of: "host" | "agent"; ticks: number };

/**
 * A device has booted when it is younger than it must be, also when it was last heard of long ago.
 * The 32 bits of an uptime wrap after 497 days, which is no boot. With each start of the daemon
 * the mark changes too: what happened before is not known.
 */
export function openBootMark(now: () => number) {
  const opened = randomUUID().slice(0, 8);
  let boots = 0;
  let last: (Uptime & { atMs: number }) | undefined;

  function hasBooted({ of, ticks }: Uptime, atMs: number): boolean {
    if (last === undefined) return false;
    if (last.of !== of) return true;
    const passedTicks = (atMs - last.atMs) / 10;
    const expected = last.ticks + passedTicks;
    const tolerance = toleranceTicks + passedTicks * toleranceRatio;
    if (Math.abs(ticks - (expected - wrapsAt)) <= tolerance) return false;
    return ticks < expected - tolerance;
  }

  return {
    mark: () => `${opened}-${boots}`,
    /** @returns whether the device has booted since it was last seen */
    seen(uptime: Uptime): boolean {
      const atMs = now();
      const booted = hasBooted(uptime, atMs);
      if (booted) boots += 1;
      last = { ...uptime, atMs };
      return booted;
    },
  };
}
export type BootMark = ReturnType<typeof openBootMark>;
