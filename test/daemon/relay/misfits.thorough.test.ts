/** What real encoders make that the relay does not carry as it is. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { misfitSentence } from "../../../machines/content/misfit.ts";
import { InputLine } from "../../../daemon/relay/input-line.ts";

const fps = 15;
const sound = (codec: string, at: number, ...more: string[]) => [`-c:a:${at}`, codec, ...more];

/** Two seconds of this picture and these sounds, as an input brings them. */
function brings(video: string[], ...sounds: string[][]) {
  const tone = ["-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000"];
  // prettier-ignore
  const bytes = execFileSync("ffmpeg", ["-v", "error", "-nostdin",
    "-f", "lavfi", "-i", `testsrc2=size=320x180:rate=${fps}`, ...sounds.flatMap(() => tone),
    "-map", "0:v", ...sounds.flatMap((_, n) => ["-map", `${n + 1}:a`]), "-t", "2", "-threads", "1",
    ...video, "-g", String(fps), ...sounds.flat(), "-f", "mpegts", "-"], { maxBuffer: 2 ** 26 });
  const line = new InputLine({ id: "a", watchdogMs: Infinity, mostBytes: Infinity });
  expect(line.misfits(0)).toBeNull();
  line.feed(bytes, 0);
  return { line, told: line.misfits(0)!.map((misfit) => misfitSentence("a", misfit)) };
}
const h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0"];

test("H.264 with AAC is carried, and nothing is told", () => {
  const { line, told } = brings(h264, sound("aac", 0));
  expect(told).toEqual([]);
  expect(line.figures.pictures).toBeGreaterThan(fps);
});

test("sounds that are not carried are told, each with what to do", () => {
  const { line, told } = brings(
    h264,
    ...[sound("mp2", 0), sound("aac", 1), sound("ac3", 2), sound("eac3", 3)],
    sound("libopus", 4, "-strict", "-2"),
  );
  expect(told).toEqual([
    "sound 1 of a is MP2, which is not carried: set the encoder to AAC",
    "sound 3 of a is AC-3, which is not carried: set the encoder to AAC",
    "sound 4 of a is E-AC-3, which is not carried: set the encoder to AAC",
    "sound 5 of a is Opus, which is not carried: set the encoder to AAC",
  ]);
  expect(line.streams).toHaveLength(2);
});

test("AAC in LATM is told, too", () => {
  const { told } = brings(h264, sound("aac", 0, "-mpegts_flags", "+latm"));
  expect(told).toEqual([
    "sound 1 of a is AAC in LATM, which is not carried: set the encoder to AAC in ADTS",
  ]);
});

test.each([
  ["HEVC", ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"]],
  ["MPEG-2 video", ["-c:v", "mpeg2video"]],
])("a picture in %s never comes: that is told", (format, video) => {
  const { line, told } = brings(video, sound("aac", 0));
  expect(told).toEqual([
    `picture 1 of a is ${format}, which is not carried: set the encoder to H.264`,
  ]);
  expect(line.figures.pictures).toBe(0);
});

test("B-frames are told, for as long as there are any", () => {
  const { line, told } = brings(["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2"]);
  expect(told).toEqual([
    "a makes B-frames: at a switch those are lost that need a later picture; set it to make none",
  ]);
  const { frames } = line.store.gops.at(-1)!;
  const last = frames.at(-1)!;
  for (let n = 1; n < 300; n++) {
    const time = last.dts + n * 6_000;
    line.take({ ...last, key: n % fps === 0, pts: time, dts: time }, (n * 1_000) / fps);
  }
  expect(line.misfits(0)).toEqual([]);
  // One time that came damaged is no B-frame.
  const [time, atMs] = [last.dts + 300 * 6_000, (300 * 1_000) / fps];
  line.take({ ...last, pts: time - 12_000, dts: time, damaged: true }, atMs);
  expect(line.misfits(0)).toEqual([]);
});
