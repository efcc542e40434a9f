import { expect, test } from "vitest";
import { DriverError } from "../../daemon/drivers/driver.ts";
import type { StorageDriver } from "../../daemon/drivers/storage.ts";
import { watchStorage } from "../../daemon/storages.ts";
import type { MediumReading } from "../../machines/storage/medium.ts";

const disk: MediumReading = {
  ...{ id: "d", kind: "disk", isNetwork: false, condition: "ok", source: "test" },
};

/** Watched until it has been told of so often; what was told, and how often two polls overlapped. */
async function watched(poll: StorageDriver["poll"], times: number) {
  const told: Parameters<Parameters<typeof watchStorage>[0]["tell"]>[0][] = [];
  let [running, overlaps, closed] = [0, 0, false];
  const watch = await new Promise<ReturnType<typeof watchStorage>>((resolve) => {
    const made = watchStorage({
      driver: {
        async poll(signal) {
          overlaps += running++ > 0 ? 1 : 0;
          return poll(signal).finally(() => (running -= 1));
        },
        close: async () => void (closed = true),
      },
      everyMs: 1,
      tell: (event) => {
        if (told.push(event) === times) resolve(made);
      },
    });
  });
  await watch.close();
  const after = told.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([told.length, closed, overlaps]).toEqual([after, true, 0]);
  return told;
}

test("what a storage says is passed on, again and again, and not after the end", async () => {
  const told = await watched(async () => [disk], 3);
  expect(told[2]).toEqual({ type: "reading", reading: { media: [disk] } });
});

test("a failure says why, and the next poll comes all the same", async () => {
  const told = await watched(() => Promise.reject(new DriverError("refused", "nas says no")), 2);
  expect(told[1]).toEqual({ type: "unreadable", failure: "refused", detail: "nas says no" });
});

test("a bug in a driver is told of, and ends no watch", async () => {
  const told = await watched(() => Promise.reject(new TypeError("x is undefined")), 2);
  expect(told[1]).toEqual({ type: "unreadable", failure: "malformed", detail: "x is undefined" });
});

test("a poll under way is given up when the daemon ends", async () => {
  let hung = 0;
  const told = await watched((signal) => {
    if (hung++ < 1) return Promise.resolve([disk]);
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new DriverError("timeout", "given up")));
    });
  }, 1);
  expect(told).toHaveLength(1);
});

test("a hint has it looked at soon, and many hints no more than once", async () => {
  let polls = 0;
  const watch = watchStorage({
    driver: { poll: async () => ((polls += 1), [disk]), close: async () => undefined },
    everyMs: 3_600_000,
    tell: () => undefined,
  });
  await expect.poll(() => polls).toBe(1);
  const hintedAtMs = performance.now();
  for (let hints = 0; hints < 20; hints += 1) watch.lookSoon();
  await expect.poll(() => polls).toBe(2);
  // It was looked at just now, so that took its while; and one look answers all of them.
  expect(performance.now() - hintedAtMs).toBeGreaterThan(4_000);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(polls).toBe(2);
  await watch.close();
});
