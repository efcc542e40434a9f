/** Devices of this host by the real ffmpeg: no camera is plugged in here, but ALSA has a null device. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { pumpArguments } from "../../../daemon/ingest/arguments.ts";
import type { Capture } from "../../../daemon/ingest/settings.ts";
import { anIngest } from "./an-ingest.ts";

const encoded = { framesPerSecond: 15, bitrateBps: 300_000 };
const size = { width: 320, height: 180 };
const camera: Capture = { kind: "capture", by: "v4l2", device: "/dev/video99", ...encoded };

test("a sound card is heard under a black picture, each at its own speed", async () => {
  const ingest = await anIngest({
    kind: "capture",
    by: "alsa",
    sound: "null",
    ...size,
    ...encoded,
  });
  const status = await ingest.untilState("receiving", ({ video, audio }) => !!video && !!audio);
  expect(status).toMatchObject({
    video: { codec: "h264", widthPx: 320, heightPx: 180 },
    audio: { codec: "aac", sampleRateHz: 48_000 },
  });
  const fromMs = performance.now();
  const seen = await ingest.hear(45);
  expect(seen).toMatchObject({ video: "h264", audio: "aac" });
  expect(seen.worstStepS).toBeLessThan(0.2);
  expect(performance.now() - fromMs).toBeGreaterThan(1_500);
}, 60_000);

const hasDecklink = spawnSync("ffmpeg", ["-hide_banner", "-devices"]) //
  .stdout.toString()
  .includes("decklink");

test.each([
  [camera, /\/dev\/video99: No such file or directory .*DeviceAllow/],
  [{ ...camera, device: "/dev/null" }, /\/dev\/null: Inappropriate ioctl/],
  [{ kind: "capture", by: "alsa", sound: "hw:31,0", ...size, ...encoded }, /hw:31,0.*DeviceAllow/],
  [
    { kind: "capture", by: "ndi", source: "STUDIO (Camera 1)", ...encoded },
    /^the ffmpeg of this host was built without NDI: install one that has it$/,
  ],
] as [Capture, RegExp][])("%j: what is missing is said", async (source, words) => {
  const ingest = await anIngest(source);
  const { why } = await ingest.untilState("failing");
  expect(why).toMatch(words);
});

test.skipIf(hasDecklink)("an ffmpeg without DeckLink says so", async () => {
  const ingest = await anIngest({ kind: "capture", by: "decklink", card: "Duo (1)", ...encoded });
  const { why } = await ingest.untilState("failing");
  expect(why).toBe("the ffmpeg of this host was built without DeckLink: install one that has it");
});

/** What ffmpeg is called with, but for what all ingests have. */
function argvOf(read: Capture): string {
  const to = { ingest: "stage", group: undefined, beginS: 1, text: false };
  const argv = pumpArguments(read, to);
  return argv.slice(argv.indexOf("-stats_period") + 2, argv.indexOf("-output_ts_offset")).join(" ");
}

test("a camera and a sound card are two inputs; H.264 of the camera is not encoded again", () => {
  const format = { format: "h264", width: 1_920, height: 1_080, sound: "hw:1,0" };
  const argv = argvOf({ ...camera, ...format });
  expect(argv).toBe(
    "-protocol_whitelist file -format_whitelist video4linux2,v4l2 -thread_queue_size 512 " +
      "-f video4linux2 -input_format h264 -video_size 1920x1080 -framerate 15 -i /dev/video99 " +
      "-protocol_whitelist file -format_whitelist alsa -thread_queue_size 512 -f alsa -i hw:1,0 " +
      "-map 0:v:0 -map 1:a:0 -c:v copy " +
      "-af aresample=async=1000 -c:a aac -b:a 128000 -ac 2 -ar 48000",
  );
  expect(argvOf({ ...camera, format: "mjpeg" })).toMatch(/-map 0:v:0 -map 0:a:0\? -c:v libx264 /);
});

test("a card's sound comes with its picture", () => {
  const card = { card: "DeckLink Duo (1)", formatCode: "Hp50", connection: "sdi" };
  expect(argvOf({ kind: "capture", by: "decklink", ...card, ...encoded })).toMatch(
    /-format_whitelist decklink .*-f decklink -format_code Hp50 -video_input sdi -i DeckLink Duo \(1\) -map 0:v:0 -map 0:a:0\?/,
  );
});
