import { expect, test } from "vitest";
import {
  chosenEngine,
  type EngineTask,
  failureOfGstreamer,
  faultOfGstreamer,
} from "../../../machines/encoder/engine-choice.ts";
import { afterFailure } from "../../../machines/encoder/picture-encoder.ts";

const live: EngineTask = {
  ...{ to: "rtmp", input: "ingest", onlyFfmpeg: undefined, lacks: [], failure: undefined },
};
const lacks = ["the GStreamer element x264enc is missing: install gstreamer1.0-plugins-ugly"];
const failure = "GStreamer failed: it was ended by SIGSEGV";

test.each([
  ["rtmp", "live pictures straight to RTMP"],
  ["rtmps", "live pictures straight to RTMPS"],
  ["srt", "live pictures straight to SRT"],
  [undefined, "live pictures, unless for a relay"],
] as const)("live pictures to %s are GStreamer's", (to, because) => {
  for (const input of ["testPattern", "ingest", "udp", "srt"])
    expect(chosenEngine({ ...live, to, input })).toEqual({ engine: "gstreamer", because });
});

/** In the order of the rules: each is the only one that holds, and all after it do not matter. */
const reasons: [Partial<EngineTask>, string][] = [
  [{ to: "spool" }, "its relay needs the times of the source, which only ffmpeg keeps"],
  [{ input: "file" }, "it reads a file"],
  [{ input: "rtmp" }, "it pulls by RTMP, and some servers give GStreamer nothing"],
  [{ onlyFfmpeg: "audio.tracks: 2" }, 'only ffmpeg does "audio.tracks: 2"'],
  [{ lacks }, lacks[0]!],
  [{ failure }, failure],
  [{ lacks: undefined }, "GStreamer was not looked at yet"],
];

test.each(reasons)("%j is ffmpeg's, with the reason", (task, because) => {
  expect(chosenEngine({ ...live, ...task })).toEqual({ engine: "ffmpeg", because });
});

test("of several reasons the first is told", () => {
  for (const [at, [task, because]] of reasons.entries()) {
    const later = reasons.slice(at).map(([also]) => also);
    // Of the same word there is one at a time.
    const all = [...later.reverse(), task].reduce<EngineTask>(
      (so, also) => ({ ...so, ...also }),
      live,
    );
    expect(chosenEngine(all).because).toBe(because);
  }
});

const at = (minutes: number) => {
  const ms = minutes * 60_000;
  return { bootId: "b", monoMs: ms, wallMs: ms };
};

test("GStreamer that failed rests for 10 min, then for 20, and never longer than a day", () => {
  const once = afterFailure(undefined, "it was ended by SIGSEGV", at(0));
  expect(failureOfGstreamer(once, at(9.99))).toBe(failure);
  expect(failureOfGstreamer(once, at(10))).toBeUndefined();
  const twice = afterFailure(once, "it was ended by SIGABRT", at(10));
  expect(failureOfGstreamer(twice, at(29.99))).toBe("GStreamer failed: it was ended by SIGABRT");
  expect(failureOfGstreamer(twice, at(30))).toBeUndefined();
  let often = twice;
  for (let n = 0; n < 12; n += 1) often = afterFailure(often, "again", at(30));
  expect(failureOfGstreamer(often, at(30 + 24 * 60))).toBeUndefined();
  expect(failureOfGstreamer({ failures: [] }, at(0))).toBeUndefined();
});

const end = (p: Partial<Parameters<typeof faultOfGstreamer>[0]>) =>
  faultOfGstreamer({
    ...{ exit: { code: 1, signal: null }, lines: [], told: [], wasRefused: false, hadBegun: true },
    ...p,
  });
const error = (element: string, why: string) =>
  `ERROR: from element /GstPipeline:pipeline0/${element}: ${why}`;

test.each([
  [
    "a far end that is away",
    error("GstRtmp2Sink:rtmp2sink0", "Connection refused: Could not connect"),
  ],
  ["a network that takes nothing", error("GstRtmp2Sink:rtmp2sink0", "Connection error: timed out")],
  ["an SRT far end that is away", error("GstSRTSink:srtsink0", "Failed to write to SRT socket")],
  ["a source that is lost", error("GstSRTSrc:srtsrc0", "Failed to authenticate: connection lost")],
])("%s is not GStreamer's fault", (_, line) => {
  for (const hadBegun of [true, false])
    expect(end({ lines: [line], told: ["it"], hadBegun })).toBeUndefined();
});

test("what an element of its own says is GStreamer's fault, unless the far end said no", () => {
  const lines = [error("GstX264Enc:x264enc0", "Can not initialize x264 encoder.")];
  const told = ["x264enc0: Can not initialize x264 encoder."];
  expect(end({ lines, told })).toEqual({ because: told[0] });
  expect(end({ lines, told, wasRefused: true })).toBeUndefined();
});

test("an input that does not fit the pipeline is GStreamer's fault, though the input says so", () => {
  const lines = [
    error("GstUDPSrc:udpsrc0", "Internal data stream error."),
    "streaming stopped, reason not-linked (-1)",
  ];
  const told = ["udpsrc0: Internal data stream error."];
  expect(end({ lines, told })).toEqual({ because: told[0] });
  const ofNetwork = [lines[0]!, "streaming stopped, reason error (-5)"];
  expect(end({ lines: ofNetwork, told })).toBeUndefined();
});

test("what cannot even begin is GStreamer's fault, with its words or without", () => {
  const begin = { hadBegun: false, lines: ["no element x264enc"], told: ["x264enc is missing"] };
  expect(end(begin)).toEqual({ because: "x264enc is missing" });
  const exit = { code: 127, signal: null };
  expect(end({ exit, hadBegun: false })).toEqual({ because: "it ended with 127" });
});

test("a crash is GStreamer's fault; a kill, and an end without a word on air, may be anybody's", () => {
  expect(end({ exit: { code: null, signal: "SIGSEGV" } })).toEqual({
    because: "it was ended by SIGSEGV",
  });
  for (const hadBegun of [true, false])
    expect(end({ exit: { code: null, signal: "SIGKILL" }, hadBegun })).toBe("unclear");
  expect(end({})).toBe("unclear");
  expect(end({ exit: { code: 0, signal: null } })).toBeUndefined();
});
