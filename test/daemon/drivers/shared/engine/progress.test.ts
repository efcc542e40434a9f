import { expect, test } from "vitest";
import { ProgressWatch } from "../../../../../daemon/drivers/shared/engine/progress.ts";
import { Sweep } from "../../../../../daemon/drivers/shared/engine/sweep.ts";
import {
  figuresOf,
  type FigureMemory,
} from "../../../../../daemon/drivers/shared/engine/figures.ts";

function aWatch() {
  const watch = new ProgressWatch({ suspectAfterMs: 250, graceMs: 10_000, everyMs: 100 }, 0);
  return {
    moves: (outTimeUs: number, atMs: number) => watch.block({ outTimeUs }, atMs),
    at: (nowMs: number, lagged = false) => watch.judge(nowMs, lagged),
  };
}

test("nothing is judged before the first frame, for ten seconds; then it is frozen", () => {
  const engine = aWatch();
  engine.moves(0, 5_000);
  expect(engine.at(9_999)).toBeUndefined();
  expect(engine.at(10_000)).toBe("frozen");
});

test("output is frozen after 250 ms without advance, not before", () => {
  const engine = aWatch();
  engine.moves(100, 1_000);
  expect(engine.at(1_250)).toBe("moving");
  expect(engine.at(1_251)).toBe("frozen");
});

test("blocks that arrive without advancing time do not count as movement", () => {
  const engine = aWatch();
  engine.moves(100, 1_000);
  for (const atMs of [1_100, 1_200, 1_300]) engine.moves(100, atMs);
  expect(engine.at(1_301)).toBe("frozen");
});

test("an event loop that stood still makes evidence unknown, for one period more", () => {
  const engine = aWatch();
  engine.moves(100, 1_000);
  expect(engine.at(2_000, true)).toBeUndefined();
  expect(engine.at(2_100)).toBeUndefined();
  expect(engine.at(2_101)).toBe("frozen");
});

test("what was waiting in the socket during the lag clears the engine at once", () => {
  const engine = aWatch();
  engine.moves(100, 1_000);
  expect(engine.at(2_000, true)).toBeUndefined();
  engine.moves(900, 2_001);
  expect(engine.at(2_002)).toBe("moving");
});

test("the sweep says that it lagged when it came more than 200 ms late, once", () => {
  let nowMs = 0;
  const lagged: boolean[] = [];
  const sweep = new Sweep(() => nowMs);
  const swept = { sweep: (late: boolean) => void lagged.push(late) };
  sweep.add(swept);
  for (const atMs of [25, 50, 275, 501, 526]) {
    nowMs = atMs;
    sweep.look();
  }
  sweep.delete(swept);
  expect(lagged).toEqual([false, false, false, true, false]);
});

test("bit rate and frame rate are measured between two looks, and not known before", () => {
  const memory: FigureMemory = new Map();
  const look = (run: string, totalSizeBytes: number, frames: number, atMs: number) =>
    figuresOf(
      new Map([["a", { progressBlock: () => ({ run, block: { totalSizeBytes, frames } }) }]]),
      memory,
      atMs,
      "a program",
    );
  expect(look("1", 1_000, 10, 0)).not.toHaveProperty("bitrateBps");
  const second = look("1", 126_000, 35, 1_000);
  expect(second.bitrateBps?.value).toBe(1_000_000);
  expect(second.framesPerSecond?.value).toBe(25);
  expect(look("2", 500, 1, 2_000)).not.toHaveProperty("framesPerSecond");
});
