import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refusalByHardware } from "../../daemon/drivers/ffmpeg/hardware-trial.ts";
import { FfmpegOptions } from "../../daemon/drivers/ffmpeg/options.ts";
import { isHardware } from "../../machines/encoder/picture-encoder.ts";
import { until } from "../e2e/facility.ts";
import { messageType } from "../fakes/rtmp-far-end/chunk-stream.ts";
import { type Arrival, seenIn } from "./arrivals.ts";
import type { Bench, BenchOptions } from "./bench.ts";
import { costsOf } from "./cost.ts";
import { Drill, monoMs, pause } from "./drill.ts";
import { figure } from "./figure.ts";
import { type Axes, codecs, expanded, type Variant } from "./variants.ts";

/** What two cores keep up with: GStreamer would need more for 1080p50. */
const batch: Axes = {
  pictures: ["1280x720@25", "1280x720@50", "1920x1080@25"],
  bitrates: ["3Mbps", "8Mbps"],
  codecs,
};
const small: Axes = { pictures: ["640x360@25"], bitrates: ["1Mbps"], codecs };

const gopS = 2;
/** What an encoder that has just begun makes is not yet what it makes for hours. */
const settleMs = 2_000;
/** Whole GOPs: each costs many times what another picture does. */
const windowMs = 2 * gopS * 1_000;
/** A picture that comes later is missing. */
const graceMs = 250;
/** A quiet host holds up a picture by 100 ms now and then. */
const speedAtLeast = 0.97;
const clipS = 20;

/**
 * Each variant as an encoder of a site, one after the other: started by the daemon, from a file whose
 * noise needs more bits than are asked for, to an RTMP far end. Decoding that file is part of its CPU.
 */
export const matrix: Bench = {
  name: "matrix",
  about: "streaming in variants of size, frame rate, bit rate and codec, at the far end",
  async run({ quick, single, figure: tell, say }) {
    const folder = mkdtempSync(join(tmpdir(), "understudy-bench-"));
    const variants = single ? [single] : expanded(quick ? small : batch);
    try {
      for (const codec of new Set(variants.map((variant) => variant.codec))) {
        const those = variants.filter((variant) => variant.codec === codec);
        // The largest picture.
        const because = await refusalOf(those.at(-1)!);
        if (because !== undefined) {
          say(`${codec} is not available: ${because}`);
          // Who asked for it alone has tested nothing.
          const pass = single ? false : null;
          const nothing = { value: null, unit: "", ratio: null, goal: null, pass };
          tell({ id: `matrix.${codec}`, against: because, ...nothing });
          continue;
        }
        for (const variant of those) await stream(variant, clipOf(variant, folder), tell, say);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** Why this host's hardware cannot; undefined: it can, or is not needed. */
async function refusalOf({ codec, name: _, ...video }: Variant): Promise<string | undefined> {
  if (!isHardware(codec)) return undefined;
  const input = { kind: "testPattern" };
  const options = FfmpegOptions.parse({ input, video: { ...video, codec } });
  return refusalByHardware(codec, options, AbortSignal.timeout(60_000));
}

type Clip = { path: string; bitrateBps: number };

/** Two seconds of noise, over and over: GStreamer plays a file once. */
function clipOf({ width, height, framesPerSecond }: Variant, folder: string): Clip {
  const path = join(folder, `${width}x${height}@${framesPerSecond}.mp4`);
  const of = `size=${width}x${height}:rate=${framesPerSecond}`;
  if (!existsSync(path)) {
    const short = join(folder, "short.mp4");
    const quiet = ["-nostdin", "-v", "error", "-y"];
    // prettier-ignore
    execFileSync("ffmpeg", [...quiet, "-f", "lavfi", "-i", `testsrc2=${of},noise=alls=20:allf=t`,
      "-t", "2", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "28", "-pix_fmt", "yuv420p", short]);
    // prettier-ignore
    execFileSync("ffmpeg", [...quiet, "-stream_loop", "-1", "-i", short,
      "-f", "lavfi", "-i", "sine=sample_rate=48000", "-map", "0:v", "-map", "1:a", "-t", String(clipS),
      "-c:v", "copy", "-c:a", "aac", "-ac", "2", path]);
  }
  return { path, bitrateBps: (statSync(path).size * 8) / clipS };
}

/** Only its very first start on a host does that. */
function readPlugins(stateDir: string): void {
  mkdirSync(stateDir, { recursive: true });
  const env = { ...process.env, GST_REGISTRY: join(stateDir, "gstreamer-registry.bin") };
  execFileSync("gst-inspect-1.0", [], { stdio: "ignore", env });
}

async function stream(
  { name, codec, ...video }: Variant,
  clip: Clip,
  tell: BenchOptions["figure"],
  say: BenchOptions["say"],
): Promise<void> {
  const { width, height, framesPerSecond, bitrateBps } = video;
  const driver = codec === "x264enc" ? "gstreamer" : "ffmpeg";
  const config = {
    input: { kind: "file", path: clip.path },
    video: {
      ...{ width, height, framesPerSecond, bitrate: `${bitrateBps}bps`, gopSeconds: gopS },
      ...(driver === "ffmpeg" && { codec }),
    },
  };
  const drill = await Drill.begin({
    encoders: { a: { driver, config } },
    farEnd: { behaviour: "acceptBoth" },
  });
  const arrivals: Arrival[] = [];
  drill.facility.farEnd.onMedia((_, { type, timestampMs, payload }) => {
    // The second byte: 1 is a picture, 0 what decoders have to know before it.
    if (type !== messageType.video || payload[1] !== 1) return;
    arrivals.push({ atMs: monoMs(), timeMs: timestampMs, bytes: payload.length });
  });
  try {
    if (driver === "gstreamer") readPlugins(join(drill.facility.stateDir, "encoders/a"));
    await drill.startDaemon();
    const first = await until("its first picture", () => arrivals[0]);
    const launch = await until("its launch", () => drill.commands("launch", 0)[0]);
    await pause(settleMs);
    const pid = drill.facility.enginePid("a");
    // The daemon may have had reasons to take another encoder.
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    if (!words.includes(codec)) throw new Error(`${name} is not made by ${codec}`);
    const fromMs = monoMs();
    const { engine } = await costsOf({ engine: [pid] }, { windows: 1, windowMs });
    await pause(graceMs);

    const seen = seenIn(arrivals, { fromMs, windowMs, framesPerSecond });
    const id = `matrix.${name}`;
    const { arrived, expected } = seen;
    say(`${name}: ${arrived} of ${expected} pictures`);
    tell(
      figure({
        ...{ id: `${id}.pictures`, unit: "pictures", value: arrived },
        against: { what: "expected", value: expected },
        goal: { exactly: expected },
      }),
    );
    const speed = { unit: "× real time", goal: { atLeast: speedAtLeast } };
    tell(figure({ id: `${id}.speed`, value: seen.speed, ...speed }));
    tell(
      figure({
        ...{ id: `${id}.bitrate`, unit: "Mbit/s", value: seen.bitrateBps / 1e6 },
        against: { what: "asked", value: bitrateBps / 1e6 },
        // Else the picture does not need so much.
        ...(clip.bitrateBps > bitrateBps && { goal: { ratioWithin: 0.15 } }),
      }),
    );
    tell(figure({ id: `${id}.cpu`, unit: "% of a core", value: 100 * engine[0]!.cores }));
    tell(figure({ id: `${id}.start`, unit: "ms", value: first.atMs - launch.monoMs }));
  } finally {
    await drill.close();
  }
}
