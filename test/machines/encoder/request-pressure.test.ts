import { expect, test } from "vitest";
import { paceUnder, requestPressure } from "../../../machines/encoder/request-pressure.ts";

test("request pressure is the worst of load, slowness and failures, from 0 to 100", () => {
  const calm = { requests: 10, failed: 0, burstLimit: 100, medianLatencyMs: 20 };
  expect(requestPressure(calm)).toBe(10);
  expect(requestPressure({ ...calm, requests: 75 })).toBe(75);
  expect(requestPressure({ ...calm, requests: 400 })).toBe(100);
  expect(requestPressure({ ...calm, medianLatencyMs: 600 })).toBe(60);
  expect(requestPressure({ ...calm, failed: 1 })).toBe(40);
  expect(requestPressure({ ...calm, requests: 0, medianLatencyMs: undefined })).toBe(0);
});

test("a box is asked at its usual pace up to 75 of pressure, then ever more slowly, 1.5 times at most", () => {
  expect([undefined, 0, 75, 87.5, 100].map(paceUnder)).toEqual([1, 1, 1, 1.25, 1.5]);
});
