import { expect, test } from "vitest";
import { parseProgress, ProgressWatch } from "../../../../daemon/drivers/ffmpeg/progress.ts";
import { Sweep } from "../../../../daemon/drivers/ffmpeg/sweep.ts";
import { figuresOf, type FigureMemory } from "../../../../daemon/drivers/ffmpeg/figures.ts";

const block = `frame=34
fps=15.04
stream_0_0_q=12.0
bitrate= 509.2kbits/s
total_size=144228
out_time_us=2266667
out_time_ms=2266667
out_time=00:00:02.266667
dup_frames=0
drop_frames=3
speed=0.998x
progress=continue
`;

test("a progress block is read", () => {
  expect(parseProgress(block)).toEqual({
    ...{ frames: 34, totalSizeBytes: 144_228, outTimeUs: 2_266_667, droppedFrames: 3 },
  });
});

test("what ffmpeg does not know is left out, and never 0", () => {
  const unknown = block.replace("144228", "N/A").replace("out_time_us=2266667", "out_time_us=N/A");
  expect(parseProgress(unknown)).toEqual({ frames: 34, droppedFrames: 3 });
  expect(parseProgress(block.replace("us=2266667", "us=-9223372036854775807"))).not.toHaveProperty(
    "outTimeUs",
  );
});

test.each(["", "progress=", "frame=1\n", "\0\0", "progress=later\n", "xprogress=end\n"])(
  "%j is no progress block",
  (text) => expect(parseProgress(text)).toBeUndefined(),
);

function aWatch() {
  const watch = new ProgressWatch({ suspectAfterMs: 250, graceMs: 10_000, statsPeriodMs: 100 }, 0);
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
    );
  expect(look("1", 1_000, 10, 0)).not.toHaveProperty("bitrateBps");
  const second = look("1", 126_000, 35, 1_000);
  expect(second.bitrateBps?.value).toBe(1_000_000);
  expect(second.framesPerSecond?.value).toBe(25);
  expect(look("2", 500, 1, 2_000)).not.toHaveProperty("framesPerSecond");
});
