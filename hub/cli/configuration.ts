/** Where the command line gets its hub and key, and whether a process's own file is fine. */
import { existsSync, readFileSync } from "node:fs";
import { Ending, exitCode } from "../../config/exit-codes.ts";
import { loadHub } from "../../config/hub.ts";
import { ConfigError } from "../../config/problems.ts";
import { capabilityOf } from "../../machines/profile/encoder-capability.ts";
import { profileIds, profiles, type ProfileId } from "../../machines/profile/profiles.ts";
import { judgeStream, type WantedStream } from "../../machines/profile/validate.ts";
import { asNumber, type Program } from "./cli.ts";
import { handOver } from "./hand-over.ts";

const usual = ["/etc/understudy/site.yaml", "/etc/understudy/hub.yaml"];

export function addConfiguration(program: Program): void {
  const config = program.noun(
    "config",
    "which hub and key are used, and whether files are fine",
    `
  understudy config show                  which hub, and where its key comes from
  understudy config check site.yaml       before the daemon is restarted
  understudy config recommend --destination youtube --resolution 1920x1080 --fps 60`,
  );
  config.verb("show", "which hub, and where its key comes from", ({ access, print }) => {
    const { hub, keyFrom } = access();
    const shown = {
      ...{ hub: hub.value, hubBy: hub.by },
      ...{ keyBy: keyFrom?.by ?? null, keyFile: keyFrom?.file ?? null },
    };
    print.one(shown, [
      ["Hub", (s) => s.hub],
      ["Said by", (s) => s.hubBy],
      ["Key", (s) => (s.keyBy === null ? "none" : (s.keyFile ?? "in the environment"))],
      ["Key by", (s) => s.keyBy],
    ]);
  });
  config.verb<Wish>(
    "recommend",
    "size, frames and bits that suit a destination",
    ({ print }, wish) =>
      print.one(recommended(wish), [
        ["Resolution", (r) => r.resolution],
        ["Frames/s", (r) => r.fps],
        ["Bit rate", (r) => `${r.bitrate / 1_000_000} Mbit/s`],
        ["Sound", (r) => (r.audio_bitrate === null ? null : `${r.audio_bitrate / 1_000} kbit/s`)],
        ["Keyframes", (r) => `every ${r.keyframe_interval} s`],
        ["Sources", (r) => r.sources.join("; ")],
        ["Notes", (r) => r.notes.join("; ")],
      ]),
    [
      ["--destination <kind>", `${profileIds.join(", ")} (rtmp)`],
      ["--resolution <size>", "as the camera gives it (1920x1080)"],
      ["--fps <number>", "likewise (30)", asNumber],
      ["--encoder <kind>", "within what it makes: aja-helo, ffmpeg, gstreamer"],
    ],
  );
  config.verb(
    "check [file]",
    "site.yaml or hub.yaml, also with every secret it names",
    async ({ print }, _, given) => {
      const file = given ?? usual.find(existsSync) ?? "/etc/understudy/site.yaml";
      if (isOfASite(file)) return handOver(["check", "--config", file]);
      try {
        loadHub(file);
      } catch (cause) {
        if (cause instanceof ConfigError) throw new Ending(exitCode.usage, cause.message);
        throw cause;
      }
      print.text(`${file} is fine\n`);
      return exitCode.done;
    },
  );
}

type Wish = { destination?: string; resolution?: string; fps?: number; encoder?: string };

/** What suits a destination and an encoder best, without asking anybody. @throws Ending */
function recommended({ destination = "rtmp", resolution, fps = 30, encoder }: Wish) {
  if (!profileIds.some((id) => id === destination)) {
    const known = profileIds.join(", ");
    throw new Ending(exitCode.usage, `there is no destination ${destination}; there are ${known}`);
  }
  const [, width, height] = /^(\d{2,5})x(\d{2,5})$/.exec(resolution ?? "1920x1080") ?? [];
  if (width === undefined || !(fps >= 1 && fps <= 240)) {
    const what = "--resolution is like 1920x1080, --fps is 1 to 240";
    throw new Ending(exitCode.usage, what);
  }
  const capability = capabilityOf(encoder);
  if (encoder !== undefined && !capability) {
    const known = "aja-helo, ffmpeg, gstreamer";
    throw new Ending(exitCode.usage, `what a ${encoder} makes is not known; of ${known} it is`);
  }
  const profile = profiles[destination as ProfileId];
  const judge = (wanted: WantedStream) => judgeStream(wanted, profile, capability);
  const size = { widthPx: Number(width), heightPx: Number(height) };
  // As if it had no bits: what it should have is then what is best.
  const { better } = judge({ ...size, framesPerSecond: fps, videoBps: 0 });
  const left = judge(better);
  return {
    destination,
    resolution: `${better.widthPx}x${better.heightPx}`,
    fps: better.framesPerSecond,
    bitrate: better.videoBps,
    audio_bitrate: better.audioBps ?? null,
    keyframe_interval: better.keyframeEveryS,
    sources: [profile.ladder?.source, profile.keyframes.source, capability?.source].filter(
      (source) => source !== undefined,
    ),
    notes: [
      ...[...left.errors, ...left.warnings].map(({ message }) => message),
      ...(encoder === "ffmpeg" || encoder === "gstreamer" ? [processorNote(better)] : []),
    ],
  };
}

/** Measured: 1280x720 at 30/s, x264 veryfast in one thread with decoding, took 0.38 of a core. */
const coresPerPixel = 0.38 / (1_280 * 720 * 30);

function processorNote({ widthPx, heightPx, framesPerSecond }: WantedStream): string {
  const cores = coresPerPixel * widthPx * heightPx * framesPerSecond;
  const takes = `x264 (preset veryfast) takes about ${cores.toFixed(1)} cores for it, a hot pair twice that`;
  return cores < 2
    ? takes
    : `${takes}: use hardware where there is any (driver ffmpeg, video.codec: auto)`;
}

/** @throws Ending where it cannot be read */
function isOfASite(file: string): boolean {
  try {
    return /^site:/m.test(readFileSync(file, "utf8"));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unreadable";
    throw new Ending(exitCode.usage, `${file} cannot be read: ${code}`);
  }
}
