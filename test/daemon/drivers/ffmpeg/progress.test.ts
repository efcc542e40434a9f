import { expect, test } from "vitest";
import { parseProgress } from "../../../../daemon/drivers/ffmpeg/progress.ts";

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
  expect(parseProgress(Buffer.from(block))).toEqual({
    ...{ frames: 34, totalSizeBytes: 144_228, outTimeUs: 2_266_667, droppedFrames: 3 },
  });
});

test("what ffmpeg does not know is left out, and never 0", () => {
  const unknown = block.replace("144228", "N/A").replace("out_time_us=2266667", "out_time_us=N/A");
  expect(parseProgress(Buffer.from(unknown))).toEqual({ frames: 34, droppedFrames: 3 });
  const unset = Buffer.from(block.replace("us=2266667", "us=-9223372036854775807"));
  expect(parseProgress(unset)).not.toHaveProperty("outTimeUs");
});

test.each([
  "",
  "progress=",
  "frame=1\n",
  "\0\0",
  "progress=later\n",
  "xprogress=end\n",
  "progress=end\nframe=1\n",
])("%j is no progress block", (text) => expect(parseProgress(Buffer.from(text))).toBeUndefined());

test("the last block of a run, padded numbers and a missing last newline are read", () => {
  const last = Buffer.from("frame=   7\ntotal_size=  9\nprogress=end");
  expect(parseProgress(last)).toEqual({ frames: 7, totalSizeBytes: 9 });
});
