import { expect, test } from "vitest";
import { bareArguments, runsIn } from "./p14a.ts";

test("what a run took is read once its line has ended", () => {
  expect(runsIn("10.250 9.500 0.250\n4.000 3.000 0.5")).toEqual([{ wallS: 10.25, cpuS: 9.75 }]);
  expect(runsIn("")).toEqual([]);
});

test("the bare ffmpeg is given all but the wish for progress", () => {
  const argv = ["-nostdin", "-progress", "udp://127.0.0.1:9", "-stats_period", "0.1", "-i", "clip"];
  expect(bareArguments(argv)).toEqual(["-nostdin", "-i", "clip"]);
  expect(() => bareArguments(["-i", "clip"])).toThrow(/progress/);
});
