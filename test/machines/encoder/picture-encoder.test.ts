import fc from "fast-check";
import { expect, test } from "vitest";
import {
  afterFailure,
  chosenEncoder,
  faultOfHardware,
  hardwareCodecs,
  restsMs,
  type Trials,
  withUnclearEnd,
} from "../../../machines/encoder/picture-encoder.ts";

const at = (minutes: number) => {
  const ms = minutes * 60_000;
  return { bootId: "b", monoMs: ms, wallMs: ms };
};
const proven = { verdict: { isProven: true as const }, failures: [] };
const refused = (because: string) => ({
  verdict: { isProven: false as const, because },
  failures: [],
});

test("only hardware that a trial has proven is taken, and else the reason is told", () => {
  expect(chosenEncoder("h264_nvenc", { h264_nvenc: proven }, at(0))).toEqual({
    codec: "h264_nvenc",
  });
  expect(chosenEncoder("h264_nvenc", {}, at(0))).toEqual({
    codec: "libx264",
    because: "NVENC was not tried yet",
  });
  const no = refused("Cannot load libcuda.so.1");
  expect(chosenEncoder("h264_nvenc", { h264_nvenc: no, h264_vaapi: proven }, at(0))).toEqual({
    codec: "libx264",
    because: "NVENC refused: Cannot load libcuda.so.1",
  });
});

test("where any will do the first that is proven is taken", () => {
  const trials: Trials = { h264_nvenc: refused("no"), h264_qsv: proven, h264_vaapi: proven };
  expect(chosenEncoder("auto", trials, at(0))).toEqual({ codec: "h264_qsv" });
});

test("one that fails at work rests, twice as long each time, and then has to be proven anew", () => {
  const once = afterFailure(proven, "out of memory (10)", at(0));
  expect(chosenEncoder("h264_nvenc", { h264_nvenc: once }, at(9))).toEqual({
    codec: "libx264",
    because: "NVENC failed at work: out of memory (10)",
  });
  expect(restsMs(once, at(10))).toBe(0);
  expect(chosenEncoder("h264_nvenc", { h264_nvenc: once }, at(10)).codec).toBe("libx264");
  const again = { ...once, verdict: proven.verdict };
  expect(chosenEncoder("h264_nvenc", { h264_nvenc: again }, at(10))).toEqual({
    codec: "h264_nvenc",
  });
  const twice = afterFailure(again, "out of memory (10)", at(10));
  expect([restsMs(twice, at(29)) > 0, restsMs(twice, at(30))]).toEqual([true, 0]);
});

test("whatever was tried and has failed: nothing unproven is ever chosen, and x264 has a reason", () => {
  const minute = fc.integer({ min: 0, max: 3_000 });
  const tried = fc.record(
    {
      verdict: fc.constantFrom(proven.verdict, refused("no").verdict),
      failures: fc.array(minute.map((m) => ({ at: at(m), because: "it failed" }))),
    },
    { requiredKeys: ["failures"] },
  );
  const trials = fc.record(
    { h264_nvenc: tried, h264_qsv: tried, h264_vaapi: tried },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.constantFrom("auto", ...hardwareCodecs), trials, minute, (asked, all, m) => {
      const { codec, because } = chosenEncoder(asked, all, at(m));
      expect(because === undefined).toBe(codec !== "libx264");
      if (codec === "libx264") return;
      expect(all[codec]?.verdict).toEqual({ isProven: true });
      expect(restsMs(all[codec]!, at(m))).toBe(0);
      if (asked !== "auto") expect(codec).toBe(asked);
    }),
  );
});

const end = {
  ...{ exit: { code: 1, signal: null }, wasRefused: false },
  lines: [] as string[],
};

test.each([
  ["[h264_nvenc @ 0x5611d57eb740] [error] Cannot load libcuda.so.1", "Cannot load libcuda.so.1"],
  [
    "[AVHWDeviceContext @ 0x55] [error] No VA display found for device /dev/dri/renderD128.",
    "No VA display found for device /dev/dri/renderD128.",
  ],
])("what ffmpeg says in the hardware's name is its fault: %s", (line, because) => {
  const lines = [line, "[error] rtmp://h/live: Input/output error"];
  expect(faultOfHardware({ ...end, lines })).toBe(because);
  expect(faultOfHardware({ ...end, lines, wasRefused: true })).toBeUndefined();
});

test("a crash is the hardware's fault; a far end that is away, or a kill, is not", () => {
  const crash = { code: null, signal: "SIGSEGV" };
  expect(faultOfHardware({ ...end, exit: crash })).toBe("it was ended by SIGSEGV");
  const lines = ["[error] rtmp://h/live: Input/output error"];
  expect(faultOfHardware({ ...end, lines })).toBeUndefined();
  expect(faultOfHardware({ ...end, exit: { code: null, signal: "SIGKILL" } })).toBeUndefined();
});

test("the third end in ten minutes that nobody can explain is the hardware's", () => {
  const second = withUnclearEnd(withUnclearEnd([], at(0)).ends, at(4));
  expect(second.because).toBeUndefined();
  expect(withUnclearEnd(second.ends, at(9)).because).toBe("it ended or froze 3 times in 10 min");
  expect(withUnclearEnd(second.ends, at(11)).because).toBeUndefined();
});
