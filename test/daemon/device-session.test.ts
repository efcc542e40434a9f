import { expect, test, vi } from "vitest";
import { DriverError, type EncoderDriver } from "../../daemon/drivers/driver.ts";
import { lookInTurn, openDeviceSession } from "../../daemon/device-session.ts";
import { openHands, type Result } from "../../daemon/carry-out.ts";
import { supervise } from "../../daemon/supervisor.ts";
import type { Connection } from "../../machines/encoder/connection.ts";
import type { Intent } from "../../machines/intents.ts";

const refused = () => Promise.reject(new DriverError("refused", "helo-1 cannot be reached"));
const fine = () => Promise.resolve("fine");
const codeOf = (cause: unknown) => (cause as { code?: string }).code;

function aSession() {
  const told: Connection[] = [];
  const at = { nowMs: 0, urgent: false };
  const session = openDeviceSession({
    now: () => at.nowMs,
    isUrgent: () => at.urgent,
    readingMaxAgeMs: 12_000,
    burst: { limit: 100, periodMs: 60_000 },
    report: (connection) => void told.push(connection),
  });
  const { signal } = new AbortController();
  const ask = <T>(work: () => Promise<T>, about = {}) =>
    session.ask(work, { signal, ...about }).catch((cause: unknown) => cause);
  const failTimes = async (n: number) => {
    for (let i = 0; i < n; i++) await ask(refused);
  };
  /** One exchange a second, each so slow; a poll and a look each 10 s. */
  const talk = async (seconds: number, latencyMs: (atS: number) => number) => {
    for (let s = 1; s <= seconds; s++) {
      at.nowMs += 1_000;
      session.exchanged({ atMs: at.nowMs, latencyMs: latencyMs(at.nowMs / 1_000) });
      if (s % 10 > 0) continue;
      await ask(fine);
      session.look();
    }
  };
  return { session, at, told, ask, failTimes, talk };
}

test("after five failures in a row a box is not asked for 30 s, then three answers restore it", async () => {
  const s = aSession();
  await s.failTimes(4);
  expect(s.told).toEqual([]);
  await s.failTimes(1);
  expect(s.told).toMatchObject([{ breaker: "open", failure: "refused: helo-1 cannot be reached" }]);
  s.at.nowMs = 29_999;
  let asked = 0;
  const count = async () => void (asked += 1);
  expect(await s.ask(count)).toMatchObject({
    code: "refused",
    message: "helo-1 cannot be reached; left alone for 30 s",
  });
  expect(asked).toBe(0);
  s.at.nowMs = 30_000;
  for (let i = 0; i < 3; i++) await s.ask(count);
  expect(asked).toBe(3);
  expect(s.told.map(({ breaker }) => breaker)).toEqual(["open", "halfOpen", "closed"]);
});

test("while a programme waits for it, it is left alone for 5 s only", async () => {
  const s = aSession();
  await s.failTimes(5);
  s.at.urgent = true;
  s.at.nowMs = 4_999;
  expect(codeOf(await s.ask(fine))).toBe("refused");
  s.at.nowMs = 5_000;
  expect(await s.ask(fine)).toBe("fine");
});

test("what was given up by ourselves, and a plain no, are no failures", async () => {
  const s = aSession();
  const poll = new AbortController();
  poll.abort();
  const givenUp = () => Promise.reject(new DriverError("timeout", "did not answer"));
  const no = () => Promise.reject(new DriverError("notPossible", "no such output"));
  for (let i = 0; i < 10; i++) {
    await s.ask(givenUp, { signal: poll.signal });
    await s.ask(no);
  }
  expect(s.told).toEqual([]);
});

test("an answer that proves nothing does not restore a box", async () => {
  const s = aSession();
  await s.failTimes(5);
  await s.ask(async () => [], { must: true, isAnswer: (list: unknown[]) => list.length > 0 });
  expect(s.told.map(({ breaker }) => breaker)).toEqual(["open"]);
});

test("a fence and a stop go out while the box is left alone; a start is refused at once", async () => {
  const done: string[] = [];
  const driver: EncoderDriver = {
    poll: refused,
    startOutput: async () => void done.push("start"),
    stopOutput: async () => void done.push("stop"),
    proveOff: async () => (done.push("fence"), []),
    ownSelfStart: async () => void done.push("ownSelfStart"),
    close: async () => undefined,
  };
  const s = aSession();
  const unreadable: string[] = [];
  const box = supervise({
    driver,
    pollEveryMs: () => 2,
    session: s.session,
    tell: { reading: () => undefined, unreadable: (_, detail) => void unreadable.push(detail) },
  });
  await expect.poll(() => unreadable.at(-1)).toContain("left alone for 30 s");
  const results = new Map<string, Result>();
  const hands = openHands({
    boxes: new Map([["helo-1", box]]),
    ingests: new Map([["far", { destination: "far", address: "rtmp://far/live", streamKey: "k" }]]),
    observers: new Map(),
    outlets: new Map(),
    ingestProcesses: new Map(),
    wallMs: () => 0,
    report: (intent, result) => void results.set(intent.kind, result),
  });
  const output = { encoder: "helo-1", output: "stream-1" };
  const begin = (kind: string, asks: object) => hands.begin({ id: kind, kind, asks } as Intent);
  begin("startOutput", { ...output, stream: "main", destination: "far", keyGeneration: 1 });
  begin("fence", { ...output, stream: "main", destination: "far" });
  begin("stopOutput", { ...output, forgetKey: true });
  await expect.poll(() => results.size).toBe(3);
  expect(results.get("startOutput")).toMatchObject({ error: { code: "refused" } });
  expect(results.get("fence")).toMatchObject({ answer: { evidence: [] } });
  expect(results.get("stopOutput")).toMatchObject({ type: "effect.done" });
  expect(done).toEqual(["fence", "stop"]);
  await box.close();
});

test("a score is told when it moves, not when it wavers", async () => {
  const s = aSession();
  await s.talk(60, () => 30);
  expect(s.told.at(-1)).toMatchObject({ breaker: "closed", healthScore: 100, latencyMs: 30 });
  const told = s.told.length;
  await s.talk(60, (atS) => 30 + (atS % 10));
  expect(s.told.length).toBe(told);
  await s.talk(300, () => 640);
  expect(s.told.at(-1)).toMatchObject({ burden: "latency", latencyMs: 640 });
  expect(s.told.at(-1)!.healthScore).toBeLessThan(45);
});

test("what we ask of a box in a cooling period is its request pressure", async () => {
  const s = aSession();
  expect(s.session.requestPressure()).toBe(undefined);
  await s.talk(60, () => 20);
  expect(s.session.requestPressure()).toBe(60);
  s.at.nowMs += 60_000;
  s.session.look();
  expect(s.session.requestPressure()).toBe(0);
});

test("a box that slows down by 60 ms a minute is told of before it stands still", async () => {
  const s = aSession();
  await s.talk(600, (atS) => 100 + atS);
  const { predicted } = s.told.find((connection) => connection.predicted !== undefined)!;
  expect(predicted).toMatchObject({ what: "latency", reachesMs: 1_000 });
  expect(predicted!.method).toBe("least-squares line through 5 min");
});

test("each of 300 boxes is looked at every 10 s, and never more than a few at once", () => {
  vi.useFakeTimers();
  try {
    const looks = Array.from({ length: 300 }, () => 0);
    let atOnce = 0;
    const look = (box: number) => {
      atOnce += 1;
      looks[box]! += 1;
    };
    const timer = lookInTurn(looks.map((_, box) => ({ look: () => look(box) })));
    for (let ms = 0; ms < 30_000; ms += 50) {
      atOnce = 0;
      vi.advanceTimersByTime(50);
      expect(atOnce).toBeLessThanOrEqual(8);
    }
    clearInterval(timer);
    expect(new Set(looks)).toEqual(new Set([3]));
  } finally {
    vi.useRealTimers();
  }
});

test("half a minute of a box is its median, its failures and its resets, with the score of the last look", async () => {
  const s = aSession();
  expect(s.session.sample()).toEqual({
    ...{ healthScore: null, latencyMs: null, requests: 0, failed: 0, resets: 0 },
  });
  await s.talk(60, () => 80);
  s.session.exchanged({ atMs: s.at.nowMs, isReset: true });
  expect(s.session.sample()).toEqual({
    ...{ healthScore: 100, latencyMs: 80, requests: 31, failed: 1, resets: 1 },
  });
  s.at.nowMs += 30_001;
  s.session.look();
  // Silent for 30 s, and what it said is good for 12 s: three quarters of the way to no use.
  expect(s.session.sample()).toMatchObject({ healthScore: 25, requests: 0, failed: 0 });
});

test("all connections of a box are told as one pool; one that keeps none open has none", () => {
  const { session } = aSession();
  expect(session.pool()).toBeUndefined();
  session.pooled(() => ({ socketsOpen: 1, socketsBusy: 1, requestsWaiting: 2 }));
  session.pooled(() => ({ socketsOpen: 1, socketsBusy: 0, requestsWaiting: 0 }));
  expect(session.pool()).toEqual({ socketsOpen: 2, socketsBusy: 1, requestsWaiting: 2 });
});
