import { expect, test } from "vitest";
import { DriverError, type EncoderDriver, NotAsked } from "../../daemon/drivers/driver.ts";
import { supervise } from "../../daemon/supervisor.ts";
import type { EncoderReading } from "../../machines/encoder/reading.ts";
import { slow } from "../setup/slow.ts";

/** Hangs like a box that does not answer: until its signal aborts, then as a driver must. */
function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new DriverError("timeout", "did not answer"));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

function aBox(
  poll: EncoderDriver["poll"],
  everyMs = 5,
  sinceOurs: (ms: number) => void = () => undefined,
) {
  const unreadable: string[] = [];
  let inside = 0;
  const seen = { polls: 0, most: 0, closed: 0 };
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    inside += 1;
    seen.most = Math.max(seen.most, inside);
    return work().finally(() => (inside -= 1));
  };
  const driver: EncoderDriver = {
    poll(signal) {
      seen.polls += 1;
      return alone(() => poll(signal));
    },
    startOutput: (_output, _target, signal) => alone(() => hang(signal)),
    stopOutput: () => alone(async () => undefined),
    proveOff: async () => [],
    ownSelfStart: () => alone(() => new Promise<never>(() => undefined)),
    close: async () => void (seen.closed += 1),
  };
  const box = supervise({
    driver,
    pollEveryMs: () => everyMs,
    tell: { reading: (_, ms) => sinceOurs(ms), unreadable: (code) => void unreadable.push(code) },
  });
  const stop = (signal = new AbortController().signal) =>
    box.run(signal, (d, limit) => d.stopOutput("stream-1", true, limit));
  return { box, seen, unreadable, stop };
}

const answers = async () => ({ outputs: {}, figures: {} });

test("polls and commands to one box never overlap", async () => {
  const b = aBox(answers);
  for (let i = 0; i < 5; i++) {
    await expect.poll(() => b.seen.polls).toBeGreaterThan(i);
    await Promise.all([b.stop(), b.stop()]);
  }
  expect(b.seen.most).toBe(1);
  await b.box.close();
});

test("a poll that hangs gives way to a command at once, and is not held against the box", async () => {
  const b = aBox(hang);
  await expect.poll(() => b.seen.polls).toBe(1);
  const beganMs = performance.now();
  await b.stop();
  // A poll may take 10 s; giving way is a matter of milliseconds.
  expect(performance.now() - beganMs).toBeLessThan(2_000);
  expect(b.unreadable).toEqual([]);
  await b.box.close();
});

test("a command behind a hanging one ends with its own limit, and never runs", async () => {
  const b = aBox(answers);
  const first = new AbortController();
  const stuck = b.box.run(first.signal, (_, limit) => hang(limit)).catch((e: unknown) => e);
  let ran = false;
  const second = b.box.run(AbortSignal.timeout(50), async () => void (ran = true));
  await expect(second).rejects.toMatchObject({ name: "TimeoutError" });
  first.abort();
  expect(await stuck).toMatchObject({ code: "timeout" });
  await b.stop();
  expect(ran).toBe(false);
  await b.box.close();
});

slow("a driver that ignores its limit does not keep the one who asked waiting", async () => {
  const b = aBox(answers);
  const asked = b.box.run(AbortSignal.timeout(50), (d, limit) => d.ownSelfStart(limit));
  await expect(asked).rejects.toMatchObject({ name: "TimeoutError" });
  expect(b.seen.most).toBe(1);
});

test("a poll that was not made because the box was asked enough says nothing of it", async () => {
  const b = aBox(async () => {
    throw new NotAsked("asked enough of late");
  });
  await expect.poll(() => b.seen.polls).toBeGreaterThan(5);
  expect(b.unreadable).toEqual([]);
  await b.box.close();
});

test("a bug in a driver is told as malformed and does not end the watch", async () => {
  const b = aBox(() => Promise.reject(new TypeError("no such field")));
  await expect.poll(() => b.unreadable.length).toBeGreaterThan(2);
  expect(new Set(b.unreadable)).toEqual(new Set(["malformed"]));
  await b.box.close();
});

test("after closing nothing is asked of the box any more", async () => {
  const b = aBox(hang);
  await expect.poll(() => b.seen.polls).toBe(1);
  await b.box.close();
  const polls = b.seen.polls;
  await expect(b.stop()).rejects.toMatchObject({ name: "AbortError" });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(b.seen).toMatchObject({ polls, closed: 1 });
});

slow(
  "a hint has the box looked at now instead of at its turn; a flood of them once a second",
  async () => {
    const polledAtMs: number[] = [];
    const b = aBox(async () => {
      polledAtMs.push(performance.now());
      return { outputs: {}, figures: {} };
    }, 60_000);
    await expect.poll(() => polledAtMs.length).toBe(1);
    const flood = setInterval(() => b.box.pollSoon(), 5);
    await expect.poll(() => polledAtMs.length, { timeout: 20_000 }).toBe(3);
    clearInterval(flood);
    const gapsMs = polledAtMs.slice(1).map((atMs, i) => atMs - polledAtMs[i]!);
    // Timers of Node may fire a millisecond early.
    expect(Math.min(...gapsMs)).toBeGreaterThan(990);
    await b.box.close();
  },
);

test("a reading says how long ago our last command ended, so that others' doing can be told", async () => {
  const sinceMs: number[] = [];
  const b = aBox(answers, 5, (ms) => void sinceMs.push(ms));
  await expect.poll(() => sinceMs.length).toBeGreaterThan(2);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const before = sinceMs.at(-1)!;
  expect(before).toBeGreaterThan(50);
  const seen = sinceMs.length;
  await b.stop();
  await expect.poll(() => sinceMs.length).toBeGreaterThan(seen);
  expect(sinceMs[seen]!).toBeLessThan(before);
  await b.box.close();
});

slow("a driver that reports all by itself is asked only when it has said nothing", async () => {
  let report: ((reading: EncoderReading) => void) | undefined;
  let polls = 0;
  let told = 0;
  let everyMs = 1_000;
  const box = supervise({
    driver: {
      ...{ reportsAll: true, watch: (listener) => void (report = listener) },
      poll: async () => {
        polls += 1;
        return answers();
      },
      startOutput: async () => undefined,
      stopOutput: async () => undefined,
      proveOff: async () => [],
      ownSelfStart: async () => undefined,
      close: async () => undefined,
    },
    pollEveryMs: () => everyMs,
    tell: { reading: () => void (told += 1), unreadable: () => undefined },
  });
  await expect.poll(() => polls).toBe(1);
  // Reports come more often than polls would: none goes out meanwhile.
  const reporting = setInterval(() => report?.({ outputs: {}, figures: {} }), 10);
  await expect.poll(() => told, { timeout: 10_000 }).toBeGreaterThan(150);
  expect(polls).toBe(1);
  box.pollSoon();
  await expect.poll(() => polls, { timeout: 10_000 }).toBe(2);
  // One that is suspect is asked as well, and so is one that says nothing.
  everyMs = 100;
  await expect.poll(() => polls, { timeout: 10_000 }).toBeGreaterThan(4);
  everyMs = 1_000;
  clearInterval(reporting);
  const before = polls;
  await expect.poll(() => polls, { timeout: 10_000 }).toBeGreaterThan(before + 1);
  await box.close();
});
