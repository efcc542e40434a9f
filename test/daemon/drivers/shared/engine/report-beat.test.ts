import { afterEach, expect, test, vi } from "vitest";
import { ReportBeat } from "../../../../../daemon/drivers/shared/engine/report-beat.ts";

afterEach(() => void vi.useRealTimers());

function hundredEncoders() {
  vi.useFakeTimers();
  const beat = new ReportBeat(2_000);
  const told: number[] = [];
  const leave = Array.from({ length: 100 }, (_, encoder) =>
    beat.join(() => void told.push(encoder)),
  );
  return { told, leave };
}

test("each encoder reports once in 2 s", () => {
  const { told } = hundredEncoders();
  vi.advanceTimersByTime(2_000);
  expect(new Set(told).size).toBe(100);
  expect(told).toHaveLength(100);
  vi.advanceTimersByTime(2_000);
  expect(told).toHaveLength(200);
});

test("never more than an eighth of them report at the same moment", () => {
  const { told } = hundredEncoders();
  for (let slot = 0; slot < 16; slot += 1) {
    const before = told.length;
    vi.advanceTimersByTime(250);
    expect(told.length - before).toBeGreaterThanOrEqual(12);
    expect(told.length - before).toBeLessThanOrEqual(13);
  }
});

test("who has left reports no more, and nothing runs once all have", () => {
  const { told, leave } = hundredEncoders();
  for (const go of leave.slice(1)) go();
  vi.advanceTimersByTime(4_000);
  expect(told).toEqual([0, 0]);
  leave[0]!();
  expect(vi.getTimerCount()).toBe(0);
});
