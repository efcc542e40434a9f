import { afterEach, expect, test, vi } from "vitest";
import { openConnectionHistory } from "../../daemon/connection-history.ts";
import type { ConnectionSample } from "../../machines/encoder/connection-history.ts";

afterEach(() => vi.useRealTimers());
const sample: ConnectionSample = {
  ...{ healthScore: 100, latencyMs: 20, requests: 30, failed: 0, resets: 0 },
};
const range = { fromMs: 0, toMs: 3_600_000, stepMs: 30_000 };

type Read = Parameters<typeof openConnectionHistory>[0]["journal"]["connectionHistory"];
function aHistory(read: Read = () => Promise.resolve([])) {
  const kept: number[] = [];
  const history = openConnectionHistory({
    journal: {
      keepSamples: (encoders) => {
        expect(encoders).toEqual([["a", { ...sample, temperatureC: 47 }]]);
        kept.push(Date.now());
      },
      connectionHistory: read,
    },
    sessions: new Map([["a", { sample: () => sample }]]),
    temperatureC: () => 47,
    wallMs: () => Date.now(),
  });
  return { history, kept };
}

test("each half minute gets one point, taken in its middle, whatever the clock does", () => {
  vi.useFakeTimers({ now: 1_790_000_028_000 });
  const { history, kept } = aHistory();
  vi.advanceTimersByTime(90_000);
  const at = () => kept.map((ms) => (ms - 1_790_000_010_000) / 30_000);
  expect(at()).toEqual([1.5, 2.5, 3.5]);
  vi.setSystemTime(1_790_000_010_000 + 20 * 30_000 + 1_000);
  vi.advanceTimersByTime(60_000);
  history.close();
  vi.advanceTimersByTime(60_000);
  expect(new Set(at().map(Math.floor)).size).toBe(kept.length);
  expect(kept).toHaveLength(5);
});

test("what cannot be answered is refused, and says why", async () => {
  const { history } = aHistory(() => Promise.resolve(undefined));
  const codeOf = async (encoder: string, args: unknown) =>
    (await history.answer(encoder, args)).code;
  expect(await codeOf("a", undefined)).toBe("malformed");
  expect(await codeOf("a", { ...range, stepMs: 31_000 })).toBe("malformed");
  expect(await codeOf("a", { ...range, toMs: 30_000 * 501 })).toBe("malformed");
  expect(await codeOf("a", { ...range, toMs: -1 })).toBe("malformed");
  expect(await codeOf("engine", range)).toBe("not_possible");
  expect(await codeOf("a", range)).toBe("not_possible");
  history.close();
});

test("questions are read one after the other, and too many are refused", async () => {
  let reading = 0;
  let most = 0;
  const { history } = aHistory(async () => {
    most = Math.max(most, ++reading);
    await new Promise((resolve) => setImmediate(resolve));
    reading -= 1;
    return [];
  });
  const asked = () => Promise.all(Array.from({ length: 10 }, () => history.answer("a", range)));
  const codes = (await asked()).map(({ status, code }) => code ?? status);
  expect(codes.filter((code) => code === "done")).toHaveLength(8);
  expect(codes.filter((code) => code === "busy")).toHaveLength(2);
  expect(most).toBe(1);
  expect((await history.answer("a", range)).status).toBe("done");
  history.close();
});

test("a week is read a day at a time, in whole steps, and put together again", async () => {
  const read: unknown[] = [];
  const { history } = aHistory((_, { fromMs, toMs, stepMs }) => {
    read.push([fromMs / stepMs, (toMs + 1) / stepMs]);
    return Promise.resolve([{ atMs: fromMs, ...sample, temperatureC: null }]);
  });
  const stepMs = 7 * 3_600_000;
  const asked = { fromMs: 10.5 * stepMs, toMs: 17.5 * stepMs - 1, stepMs };
  const { data } = await history.answer("a", asked);
  expect(read).toEqual([
    [10, 13],
    [13, 16],
    [16, 17.5],
  ]);
  const points = (data as { points: { atMs: number }[] }).points;
  expect(points.map(({ atMs }) => atMs / stepMs)).toEqual([10, 13, 16]);
  history.close();
});
