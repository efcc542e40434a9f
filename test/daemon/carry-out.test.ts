import { afterEach, expect, test } from "vitest";
import { type Ingest, ingestsOf, openHands, type Result } from "../../daemon/carry-out.ts";
import {
  DriverError,
  type EncoderDriver,
  type PublishTarget,
} from "../../daemon/drivers/driver.ts";
import { openObserver } from "../../daemon/observers/index.ts";
import type { FarEndObserver } from "../../daemon/observers/observer.ts";
import { backupLegOf } from "../../daemon/plan.ts";
import type { Outlet } from "../../daemon/outlets.ts";
import { supervise } from "../../daemon/supervisor.ts";
import type { Intent } from "../../machines/intents.ts";
import { until } from "./journal/a-journal.ts";
import { aFarEndWeb } from "./observers/far-end-web.ts";

const key = "kd83";
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A box under a real supervisor whose driver does what the test says. */
function aHand(
  p: {
    driver?: Partial<EncoderDriver>;
    observers?: readonly FarEndObserver[];
    outlets?: Record<string, Outlet>;
  } = {},
) {
  const targets: PublishTarget[] = [];
  const stops: boolean[] = [];
  const driver: EncoderDriver = {
    poll: () => Promise.resolve({ outputs: {}, figures: {} }),
    startOutput: async (_, target) => void targets.push(target),
    stopOutput: async (_, forgetKey) => void stops.push(forgetKey),
    proveOff: async () => [],
    ownSelfStart: async () => undefined,
    close: async () => undefined,
    ...p.driver,
  };
  const box = supervise({
    driver,
    pollEveryMs: () => 1_000,
    tell: { reading: () => undefined, unreadable: () => undefined },
  });
  cleanups.push(() => box.close());
  const results = new Map<string, Result>();
  const ingest: Ingest = { destination: "far", address: "rtmp://far/live", streamKey: key };
  const hands = openHands({
    boxes: new Map([["a", box]]),
    ingests: new Map([["far", ingest]]),
    observers: new Map([["far", p.observers ?? []]]),
    outlets: new Map(Object.entries(p.outlets ?? {})),
    ingestProcesses: new Map(),
    wallMs: () => 1_790_000_000_000,
    report: (intent, result) => void results.set(intent.id, result),
  });
  return {
    hands,
    targets,
    stops,
    results,
    result: async (intent: Intent): Promise<Result> => {
      hands.begin(intent);
      await until("the result", () => results.has(intent.id));
      return results.get(intent.id)!;
    },
  };
}

const at = { encoder: "a", output: "stream-1" };
const to = { stream: "main", destination: "far" };
const start = (over: object = {}): Intent => ({
  id: "1",
  kind: "startOutput",
  asks: { ...at, ...to, keyGeneration: 7, ...over },
});
const fence: Intent = { id: "2", kind: "fence", asks: { ...at, ...to } };

test("a start gets address, key and key generation, and says when it was done", async () => {
  const { result, targets } = aHand();
  expect(await result(start())).toEqual({
    type: "effect.done",
    answer: { startedAtMs: 1_790_000_000_000 },
  });
  expect(targets).toEqual([
    {
      ...to,
      address: "rtmp://far/live",
      streamKey: key,
      keyGeneration: 7,
    },
  ]);
});

test("a stop says whether the key is to be forgotten", async () => {
  const { result, stops } = aHand();
  for (const forgetKey of [true, false]) {
    await result({ id: `s${forgetKey}`, kind: "stopOutput", asks: { ...at, forgetKey } });
  }
  expect(stops).toEqual([true, false]);
});

test("a box or a destination that is not there is refused, and the key is in no word of it", async () => {
  const { result } = aHand();
  expect(await result(start({ encoder: "nobody" }))).toMatchObject({
    error: { code: "unknown_encoder" },
  });
  const refused = await result({ ...start({ destination: "nowhere" }), id: "3" });
  expect(refused).toMatchObject({ type: "effect.failed", error: { code: "notPossible" } });
  expect(JSON.stringify(refused)).not.toContain(key);
});

test.each([
  [new DriverError("staleKey", "generation 6 is older than 7"), "staleKey"],
  [new DriverError("unauthorized", "wants a login"), "unauthorized"],
  [new TypeError("a bug of ours"), "failed"],
])("what a driver says when it fails is passed on: %s", async (cause, code) => {
  const { result } = aHand({ driver: { startOutput: () => Promise.reject(cause) } });
  expect(await result(start())).toEqual({
    type: "effect.failed",
    error: { code, message: cause.message },
  });
});

test("a driver that has seen a newer generation of the key says which, so the next is above it", async () => {
  const stale = new DriverError("staleKey", "6 is older than 7", { highestGeneration: 7 });
  const { result } = aHand({ driver: { startOutput: () => Promise.reject(stale) } });
  expect(await result(start())).toMatchObject({
    error: { code: "staleKey", highestGeneration: 7 },
  });
});

test("what nobody waits for any more is ended, and its result is not told", async () => {
  let ended = false;
  const { hands, results } = aHand({
    driver: {
      startOutput: (_, __, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            ended = true;
            reject(new DriverError("timeout", "given up"));
          });
        }),
    },
  });
  hands.begin(start());
  await new Promise((resolve) => setImmediate(resolve));
  hands.giveUp("1");
  await until("the driver was told", () => ended);
  await new Promise((resolve) => setImmediate(resolve));
  expect(results.size).toBe(0);
});

test("closed hands begin nothing", async () => {
  const { hands, targets } = aHand();
  hands.close();
  hands.begin(start());
  await new Promise((resolve) => setImmediate(resolve));
  expect(targets).toEqual([]);
});

test("what a box proves of itself is the evidence, and the far end is left alone", async () => {
  let asked = 0;
  const web = await aFarEndWeb((_, response) => {
    asked += 1;
    response.end();
  });
  cleanups.push(() => web.close());
  const evidence = { kind: "processGone", lockFree: true, unsentBytes: 0, atMs: 1 } as const;
  const { result } = aHand({
    driver: { proveOff: () => Promise.resolve([evidence]) },
    observers: [aBlockingObserver(web.url)],
  });
  expect(await result(fence)).toEqual({ type: "effect.done", answer: { evidence: [evidence] } });
  expect(asked).toBe(0);
});

function aBlockingObserver(url: string): FarEndObserver {
  return openObserver(
    {
      ...{ kind: "nginx-rtmp", statisticsUrl: `${url}/stat`, app: "live" },
      ...{ controlUrl: `${url}/control`, blockUrl: `${url}/block` },
    },
    { streamKey: () => key, now: () => performance.now() },
  );
}

test("a box that proves nothing is kicked and blocked at the far end, which is proof", async () => {
  let publishes = true;
  const asked: string[] = [];
  const web = await aFarEndWeb((request, response) => {
    const path = request.url!.split("?")[0]!;
    asked.push(path);
    if (path.startsWith("/control")) publishes = false;
    const stream = publishes
      ? `<stream><name>${key}</name><bytes_in>1</bytes_in><publishing/></stream>`
      : "";
    response.end(
      `<rtmp><nginx_rtmp_version>1</nginx_rtmp_version><pid>7</pid><server><application>` +
        `<name>live</name><live>${stream}</live></application></server></rtmp>`,
    );
  });
  cleanups.push(() => web.close());
  const { result } = aHand({ observers: [aBlockingObserver(web.url)] });
  const given = await result(fence);
  expect(given).toMatchObject({
    answer: { evidence: [{ kind: "keyBlocked", atMs: 1_790_000_000_000 }] },
  });
  expect(asked).toEqual(["/stat", "/block", "/control/drop/publisher", "/stat"]);
  expect(JSON.stringify(given)).not.toContain(key);
});

test("without any proof the fence is answered with none: silence is no proof", async () => {
  const { result } = aHand();
  expect(await result(fence)).toEqual({ type: "effect.done", answer: { evidence: [] } });
});

test("each address of a destination is an ingest of its own, with the same key", () => {
  const d = { id: "far", address: "rtmp://one/live", streamKey: key } as Parameters<
    typeof ingestsOf
  >[0][number];
  const both = ingestsOf([{ ...d, backupAddress: "rtmp://two/live" }], backupLegOf);
  expect([...both]).toEqual([
    ["far", { destination: "far", address: "rtmp://one/live", streamKey: key }],
    ["far-backup", { destination: "far-backup", address: "rtmp://two/live", streamKey: key }],
  ]);
  expect([...ingestsOf([d], backupLegOf).keys()]).toEqual(["far"]);
});
