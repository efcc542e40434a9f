import { expect, test } from "vitest";
import { DriverError } from "../../../../daemon/drivers/driver.ts";
import { openSlowReads } from "../../../../daemon/drivers/shared/slow-reads.ts";

const second = 1_000;
const { signal } = new AbortController();

function aRound() {
  let nowMs = 0;
  const asked: string[] = [];
  const slow = openSlowReads(() => nowMs);
  const faults = new Map<string, DriverError>();
  const add = (name: string, everyMs: number) =>
    slow.add(everyMs, async () => {
      asked.push(name);
      const fault = faults.get(name);
      if (fault) throw fault;
      return `${name} at ${nowMs / second}`;
    });
  return { slow, add, asked, faults, pass: (seconds: number) => void (nowMs += seconds * second) };
}

test("at most so many are asked at once, what was never read first", async () => {
  const { slow, add, asked, pass } = aRound();
  add("settings", 10 * second);
  add("firmware", 3_600 * second);
  add("media", 60 * second);
  for (let polls = 0; polls < 5; polls += 1) {
    await slow.readDue(1, signal);
    pass(5);
  }
  expect(asked).toEqual(["settings", "firmware", "media", "settings"]);
});

test("a value holds for a minute without being read again, then it is unknown", async () => {
  const { slow, add, pass } = aRound();
  const settings = add("settings", 10 * second);
  await slow.readDue(1, signal);
  pass(60);
  expect(settings.value()).toBe("settings at 0");
  pass(1);
  expect(settings.value()).toBeUndefined();
});

test("a value whose re-read fails is unknown at once, and what is lacking is left in peace", async () => {
  const { slow, add, asked, faults, pass } = aRound();
  const media = add("media", 10 * second);
  await slow.readDue(1, signal);
  faults.set("media", new DriverError("malformed", "no such thing"));
  for (let polls = 0; polls < 60; polls += 1) {
    pass(10);
    await slow.readDue(1, signal);
  }
  expect(media.value()).toBeUndefined();
  expect(asked).toHaveLength(3);
  faults.clear();
  pass(20);
  await slow.readDue(1, signal);
  expect(media.value()).toBe("media at 620");
});

test("silence ends the round and forgets nothing", async () => {
  const { slow, add, asked, faults, pass } = aRound();
  const settings = add("settings", 10 * second);
  add("media", 10 * second);
  await slow.readDue(2, signal);
  pass(10);
  faults.set("settings", new DriverError("timeout", "no answer"));
  await slow.readDue(2, signal);
  expect(asked).toEqual(["settings", "media", "settings"]);
  expect(settings.value()).toBe("settings at 0");
});

test("after a boot nothing holds and all is due", async () => {
  const { slow, add, asked } = aRound();
  const settings = add("settings", 10 * second);
  await slow.readDue(2, signal);
  slow.forgetAll();
  expect(settings.value()).toBeUndefined();
  await slow.readDue(2, signal);
  expect(asked).toHaveLength(2);
});
