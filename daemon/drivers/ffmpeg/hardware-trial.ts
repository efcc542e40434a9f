/**
 * Whether hardware of this host makes what is asked. That ffmpeg lists an encoder proves nothing, nor
 * that it made a small picture: it has to encode by the very arguments that it would be run with, and
 * to make its keyframes where they are asked for.
 */
import { execFile, type ExecFileException } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import type { HardwareCodec } from "../../../machines/encoder/picture-encoder.ts";
import type { Endpoint } from "../../../machines/endpoint.ts";
import type { FfmpegOptions } from "./options.ts";
import { deviceArguments, pictureArguments, renderNodes } from "./picture.ts";

/** At the lowest priority a busy host may take many times the usual half second. */
const trialMs = 30_000;
/** Where the size is the input's, which nobody has written down. */
const usualSize = { width: 1_920, height: 1_080 };
const mostGopS = 0.5;

/**
 * @returns why it cannot be used; undefined: it works
 * @throws where this ffmpeg cannot be run at all, a trial does not end, or `signal` aborts
 */
export async function refusalByHardware(
  codec: HardwareCodec,
  options: FfmpegOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  // Both ways in which it may be asked to publish.
  for (const scheme of ["spool", "rtmp"] as const) {
    const said = await trial(codec, options, scheme, signal);
    if (said !== undefined) return said;
  }
  return undefined;
}

/** Short, for a trial that is over soon; a picture at least lies between two keyframes. */
const trialGopS = ({ gopSeconds, framesPerSecond }: FfmpegOptions["video"]) =>
  Math.max(Math.min(gopSeconds, mostGopS), 2 / framesPerSecond);

export const trialSize = ({ video, input }: Pick<FfmpegOptions, "video" | "input">) => ({
  ...usualSize,
  ...("width" in input && { width: input.width, height: input.height }),
  ...(video.width !== undefined && { width: video.width }),
  ...(video.height !== undefined && { height: video.height }),
});

/** ffmpeg's arguments, without its program. */
export function trialArguments(
  codec: HardwareCodec,
  { video, input }: FfmpegOptions,
  scheme: Endpoint["scheme"],
): string[] {
  const size = trialSize({ video, input });
  const gopSeconds = trialGopS(video);
  const of = `size=${size.width}x${size.height}:rate=${video.framesPerSecond}`;
  // By the source's clock two GOPs are thrown away at a start.
  const picture = `testsrc2=${of}:duration=${5 * gopSeconds}`;
  return [
    ...["-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", ...deviceArguments(codec)],
    ...["-f", "lavfi", "-i", picture, "-map", "0:v:0"],
    ...pictureArguments({ video: { ...video, gopSeconds }, input }, codec, { scheme }),
    ...["-f", "framecrc", "-"],
  ];
}

async function trial(
  codec: HardwareCodec,
  options: FfmpegOptions,
  scheme: Endpoint["scheme"],
  signal: AbortSignal,
): Promise<string | undefined> {
  // What is on air goes first.
  const args = ["-n", "19", options.program, ...trialArguments(codec, options, scheme)];
  try {
    const { stdout } = await promisify(execFile)("nice", args, {
      ...{ timeout: trialMs, killSignal: "SIGKILL", signal, maxBuffer: 2 ** 22 },
    });
    return complaintOf(stdout, trialGopS(options.video) * options.video.framesPerSecond);
  } catch (error) {
    const { killed, code, stderr = "" } = error as Partial<ExecFileException>;
    // Given up is not refused, nor is an ffmpeg that is not there.
    const isRun = typeof code === "number" && code !== notFound;
    if (signal.aborted || killed === true || !isRun) throw error;
    const [first = "ffmpeg did not say why"] = stderr.split("\n").filter((line) => line !== "");
    return first.replace(/^(\[\S+ @ \S+\] )+/, "").replace(/\.$/, "") + deviceNote(codec);
  }
}
/** What `nice` says of a program that is not there. */
const notFound = 127;

/**
 * @param told ffmpeg's list of packets: stream, decoding time, time, length, bytes, checksum, and flags
 * of all but keyframes
 */
export function complaintOf(told: string, gopFrames: number): string | undefined {
  const packets = told.split("\n").filter((line) => /^\d/.test(line));
  const times = packets.map((line) => Number(line.split(",")[2]));
  if (times.length === 0) return "it made no picture";
  if (times.some((time, at) => at > 0 && time <= times[at - 1]!)) {
    return "it makes B-frames, before which nothing can be cut";
  }
  const keys = packets.flatMap((line, at) => (/F=0x/.test(line) ? [] : [at]));
  const gops = keys.slice(1).map((key, at) => key - keys[at]!);
  const isAsked = gops.every((frames) => Math.abs(frames - gopFrames) <= 1);
  if (keys[0] === 0 && gops.length > 0 && isAsked) return undefined;
  return "its keyframes are not where they are asked for";
}

const devices = {
  h264_nvenc: { seen: "/dev/nvidiactl", had: "/proc/driver/nvidia/version" },
  h264_qsv: { seen: "/dev/dri/renderD*", had: "/sys/class/drm/renderD128" },
  h264_vaapi: { seen: "/dev/dri/renderD*", had: "/sys/class/drm/renderD128" },
} as const;

/** Of a device that cannot be seen: whether that is for want of it, or because it is hidden from us. */
export function deviceNote(codec: HardwareCodec, root = ""): string {
  const { seen, had } = devices[codec];
  const isSeen =
    codec === "h264_nvenc" ? existsSync(root + seen) : renderNodes(`${root}/dev/dri`).length > 0;
  if (isSeen) return "";
  return existsSync(root + had)
    ? ` (the unit hides ${seen}, which this host has: see "hardware.conf" in the README)`
    : ` (no ${seen} here)`;
}
