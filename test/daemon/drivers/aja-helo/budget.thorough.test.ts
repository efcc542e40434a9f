import { expect, test } from "vitest";
import { openBackOff } from "../../../../daemon/drivers/aja-helo/back-off.ts";
import { openBudget } from "../../../../daemon/drivers/shared/budget.ts";
import { openRebootWatch } from "../../../../daemon/drivers/shared/reboot-watch.ts";
import { DriverError } from "../../../../daemon/drivers/driver.ts";
import { Parameters } from "../../../fakes/helo/parameters.ts";
import { aDriver, atRest, aUnit } from "./a-unit.ts";

/** Everything that a HELO has, so that everything is worth reading. */
const whole = Object.fromEntries(
  Object.entries(new Parameters().all()).map(([id, value]) => [id.replace("eParamID_", ""), value]),
);

const streaming = { ReplicatorStreamState: "2", StreamingDuration: "00:00:01:00" };

test.each([
  ["idle", {}],
  ["streaming", streaming],
])(
  "a unit that is %s is asked at most 100 times in any minute, and everything in its turn",
  async (_, values) => {
    const unit = await aUnit({ ...whole, ...atRest, ...values });
    const { poll, pass } = aDriver(unit.port);
    const sizes: number[] = [];
    for (let polls = 0; polls < 240; polls += 1) {
      const before = unit.asked.length;
      const reading = await poll();
      expect(reading.outputs["stream-1"]?.target).toBeDefined();
      sizes.push(unit.asked.length - before);
      pass(5_000);
    }
    const inAMinute = sizes.map((_size, at) =>
      sizes.slice(at, at + 12).reduce((sum, size) => sum + size, 0),
    );
    expect(Math.max(...inAMinute)).toBeLessThanOrEqual(100);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8);
    const steady = new Set(unit.asked.slice(unit.asked.length / 2));
    for (const name of ["Temperature", "PowerUpState", "LinkStartStop", "Dropped_Frames_Alarm"])
      expect([...steady]).toContain(`get ${name}`);
    expect(new Set(unit.asked)).toContain("get Secondary_Filesystem_Incompatible_Alarm");
  },
);

test("a stream under suspicion is looked at twice a second, at most nine requests in each", async () => {
  const unit = await aUnit(streaming);
  const { poll, pass } = aDriver(unit.port);
  for (let polls = 0; polls < 24; polls += 1) {
    await poll();
    pass(5_000);
  }
  unit.asked.length = 0;
  const startedAt = performance.now();
  const sizes: number[] = [];
  for (let polls = 0; polls < 20; polls += 1) {
    const before = unit.asked.length;
    await poll();
    sizes.push(unit.asked.length - before);
    pass(500);
  }
  // No poll of these ten seconds had to wait for the budget.
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  const looks = unit.asked.filter((what) => what === "get ReplicatorStreamState");
  expect(looks).toHaveLength(20);
  const inEachSecond = sizes.slice(1).map((size, at) => size + (sizes[at] ?? 0));
  expect(Math.max(...inEachSecond.slice(1))).toBeLessThanOrEqual(9);
});

test("where a stream goes to is known however long it is looked at closely, and read after a stop", async () => {
  const unit = await aUnit({ ...whole, ...atRest, ...streaming });
  const { poll, pass, stop } = aDriver(unit.port);
  const target = async () => (await poll()).outputs["stream-1"]?.target;
  for (let polls = 0; polls < 60; polls += 1) {
    expect(await target()).toBe("none");
    pass(1_900);
  }
  await stop(true);
  pass(1_000);
  expect(await target()).toBe("none");
});

test("questions that used up the budget wait, and a stop does not", async () => {
  const unit = await aUnit(streaming);
  const { poll, stop } = aDriver(unit.port, { burstLimit: 20 });
  const polling = (async () => {
    for (;;) await poll(1_500);
  })().catch((error: unknown) => error);
  expect(await polling).toMatchObject({ code: "timeout" });
  const startedAt = performance.now();
  await stop();
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(unit.parameters.get("ReplicatorStreamState")).toBe("1");
});

test("commands use the reserve first, then what questions would have had", async () => {
  let nowMs = 0;
  const budget = openBudget({ where: "box", limit: 100, periodMs: 60_000, now: () => nowMs });
  const atFirst = budget.room();
  for (let command = 0; command < 15; command += 1) budget.spend();
  expect(budget.room()).toBe(atFirst);
  budget.spend();
  expect(budget.room()).toBe(atFirst - 1);
  nowMs += 60_000;
  expect(budget.room()).toBeGreaterThan(atFirst);
  await expect(budget.take(AbortSignal.timeout(10))).resolves.toBeUndefined();
});

test("of two reasons to ask less the stricter holds", async () => {
  let nowMs = 0;
  const budget = openBudget({ where: "box", limit: 100, periodMs: 60_000, now: () => nowMs });
  const roomAfterTwelveSeconds = async () => {
    while (budget.room() > 0) await budget.take(AbortSignal.timeout(1_000));
    nowMs += 12_000;
    return budget.room();
  };
  const usual = await roomAfterTwelveSeconds();
  budget.slowTo(0.5);
  budget.slowTo(0.25, "reboots");
  const slow = await roomAfterTwelveSeconds();
  budget.slowTo(1, "reboots");
  const half = await roomAfterTwelveSeconds();
  expect([usual, half, slow]).toEqual([17, 8, 4]);
});

test("two polls without an answer are nothing, then the unit is left alone, longer each time", () => {
  let nowMs = 0;
  const backOff = openBackOff(() => nowMs);
  const silence = new DriverError("timeout", "box did not answer");
  const rests: number[] = [];
  for (let asked = 0; asked < 8; asked += 1) {
    backOff.failed(silence);
    const fromMs = nowMs;
    for (;;) {
      try {
        backOff.check();
        break;
      } catch {
        nowMs += 1_000;
      }
    }
    rests.push((nowMs - fromMs) / 1_000);
  }
  expect(rests).toEqual([0, 2, 4, 8, 16, 30, 30, 30]);
  backOff.answered();
  backOff.failed(silence);
  expect(() => backOff.check()).not.toThrow();
});

test("a port that refuses is asked at each poll, so that a unit that is back is seen at once", async () => {
  const { poll } = aDriver(1);
  for (let polls = 0; polls < 5; polls += 1)
    await expect(poll()).rejects.toMatchObject({ code: "refused" });
  expect(await poll().catch((error: Error) => error.message)).not.toContain("left alone");
});

function aRebootWatch() {
  let nowMs = 0;
  const shares: number[] = [];
  const watch = openRebootWatch(
    () => nowMs,
    (share) => shares.push(share),
  );
  return { ...watch, shares, pass: (minutes: number) => void (nowMs += minutes * 60_000) };
}

test("a unit that boots three times in 20 min of being asked is asked four times less, and says so", () => {
  const { booted, alarm, shares, pass } = aRebootWatch();
  booted();
  pass(5);
  booted();
  expect(alarm()).toBeUndefined();
  pass(5);
  booted();
  expect(shares).toEqual([0.25]);
  expect(alarm()).toContain("to see whether that is the cause");
  pass(40);
  expect(alarm()).toContain("that pace stays");
  expect(shares.at(-1)).toBe(0.25);
});

test("a unit that goes on booting when asked less is asked as before", () => {
  const { booted, alarm, shares, pass } = aRebootWatch();
  for (let boots = 0; boots < 5; boots += 1) {
    booted();
    pass(5);
  }
  expect(shares).toEqual([0.25, 1]);
  expect(alarm()).toBeUndefined();
});

test("boots that are an hour apart are no pattern", () => {
  const { booted, shares, pass } = aRebootWatch();
  for (let boots = 0; boots < 10; boots += 1) {
    booted();
    pass(60);
  }
  expect(shares).toEqual([]);
});
