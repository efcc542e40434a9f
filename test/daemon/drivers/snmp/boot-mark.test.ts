import { describe, expect, test } from "vitest";
import { openBootMark, type Uptime } from "../../../../daemon/drivers/snmp/boot-mark.ts";

const day = 86_400_000;

/** Looks at a device at given times, and says at which of them it was found to have booted. */
function bootsOf(looks: { atMs: number; uptimeMs: number; of?: Uptime["of"] }[]): boolean[] {
  let nowMs = 0;
  const boot = openBootMark(() => nowMs);
  return looks.map(({ atMs, uptimeMs, of = "host" }) => {
    nowMs = atMs;
    return boot.seen({ of, ticks: Math.floor(uptimeMs / 10) % 2 ** 32 });
  });
}

describe("a boot", () => {
  test("is seen when the uptime starts anew", () => {
    expect(
      bootsOf([
        { atMs: 0, uptimeMs: 5 * day },
        { atMs: 1_000, uptimeMs: 5 * day + 1_000 },
        { atMs: 60_000, uptimeMs: 20_000 },
        { atMs: 61_000, uptimeMs: 21_000 },
      ]),
    ).toEqual([false, false, true, false]);
  });

  test("is seen when a device that was just started is older again, but not as old as it must be", () => {
    expect(
      bootsOf([
        { atMs: 0, uptimeMs: 10_000 },
        { atMs: 600_000, uptimeMs: 60_000 },
      ]),
    ).toEqual([false, true]);
  });

  test("is seen after more than half of the 497 days of the counter", () => {
    expect(
      bootsOf([
        { atMs: 0, uptimeMs: 400 * day },
        { atMs: 60_000, uptimeMs: 15_000 },
      ]),
    ).toEqual([false, true]);
  });

  test("is not the wrap of the counter after 497 days", () => {
    const wrapMs = 2 ** 32 * 10;
    expect(
      bootsOf([
        { atMs: 0, uptimeMs: wrapMs - 5_000 },
        { atMs: 10_000, uptimeMs: wrapMs + 5_000 },
        { atMs: 20_000, uptimeMs: wrapMs + 15_000 },
      ]),
    ).toEqual([false, false, false]);
  });

  test("is not an uptime that stands for some seconds, or a clock that drifts a little", () => {
    expect(
      bootsOf([
        { atMs: 0, uptimeMs: day },
        { atMs: 8_000, uptimeMs: day },
        { atMs: 3_600_000, uptimeMs: day + 3_580_000 },
      ]),
    ).toEqual([false, false, false]);
  });

  test("may have been when the age of the agent stands for that of the host", () => {
    expect(
      bootsOf([
        { atMs: 0, uptimeMs: day },
        { atMs: 1_000, uptimeMs: day + 1_000, of: "agent" },
      ]),
    ).toEqual([false, true]);
  });
});
