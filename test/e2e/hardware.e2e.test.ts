/** An encoder whose hardware passes its trial and then fails: there is none here, the real ffmpeg says so. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { closedAfterEach } from "./after-each.ts";

const { facility: aFacility } = closedAfterEach();

test("a stream whose encoder's hardware fails at its start is on air at once by x264, with the reason told once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hardware-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, "ffmpeg");
  const script = `#!/bin/bash
[[ "$*" == *framecrc* ]] || exec ffmpeg "$@"
args=("\${@/#h264_nvenc/libx264}"); args=("\${args[@]/#p4/ultrafast}")
exec ffmpeg "\${args[@]/#ll/zerolatency}"
`;
  writeFileSync(program, script, { mode: 0o755 });
  const facility = await aFacility({
    encoders: { a: { driver: "ffmpeg", config: { program, video: { codec: "h264_nvenc" } } } },
  });
  facility.startDaemon();
  await facility.untilOnAir("a");
  const alarm = await facility.untilTold("encoder.alarm");
  expect(alarm.message).toBe(
    "a says: NVENC failed at work: Cannot load libcuda.so.1; encoding by x264",
  );
  expect(facility.told("stream.startFailed")).toEqual([]);
  expect(facility.told("key.granted")).toHaveLength(1);
  expect(facility.told("encoder.alarm")).toHaveLength(1);
});
