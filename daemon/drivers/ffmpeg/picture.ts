/** ffmpeg's arguments for the picture: its size, its rate, its keyframes, and what encodes it. */
import { readdirSync } from "node:fs";
import type { PictureEncoder } from "../../../machines/encoder/picture-encoder.ts";
import type { EncoderSettings } from "../../../machines/encoder/settings.ts";
import type { Endpoint } from "../../../machines/endpoint.ts";
import { DriverError } from "../driver.ts";
import type { FfmpegOptions } from "./options.ts";

type Video = FfmpegOptions["video"];

/** @param settings of a session */
export function pictureArguments(
  { video, input }: Pick<FfmpegOptions, "video" | "input">,
  by: PictureEncoder,
  { scheme }: Pick<Endpoint, "scheme">,
  settings?: EncoderSettings,
): string[] {
  if (video.codec === "copy") {
    if (input.kind === "testPattern") {
      throw new DriverError("notPossible", "a test pattern cannot be passed on without encoding");
    }
    return ["-c:v", "copy"];
  }
  const { width, height, framesPerSecond, bitrateBps, gopSeconds, threads } = video;
  const isScaled = width !== undefined || height !== undefined;
  const keeps = video.interlace === "keep";
  const pattern = input.kind === "testPattern";
  const fields = pattern ? "" : `:interl=${video.interlace === "automatic" ? -1 : 1}`;
  const scale = isScaled ? [`scale=${width ?? -2}:${height ?? (keeps ? -4 : -2)}${fields}`] : [];
  // Each field is scaled for itself: what deinterlaces takes no pictures of another size.
  const filters = [...scale, ...(pattern ? [] : progressive[video.interlace])];
  const framesPerGop = Math.max(1, Math.round(gopSeconds * framesPerSecond));
  // FLV takes any times, so a slower source would stay as slow: a session gets the rate it asked for.
  const inPace = settings?.framesPerSecond === undefined ? [] : ["-fps_mode", "cfr"];
  const pace =
    scheme === "spool"
      ? onSourceClock({ gopS: gopSeconds, framesPerSecond, filters, by })
      : [
          ...filtered([...filters, ...takes[by]]),
          ...["-r", String(framesPerSecond), ...inPace, "-g", String(framesPerGop)],
        ];
  return [
    ...["-c:v", by, ...encoderArguments(by, video), ...pace],
    ...(by === "libx264" ? ["-sc_threshold", "0"] : []),
    ...(keeps ? ["-flags", "+ildct+ilme"] : []),
    ...["-b:v", String(bitrateBps), "-maxrate", String(bitrateBps)],
    ...["-bufsize", String(bitrateBps)],
    ...(by === "libx264" && threads !== undefined ? ["-threads", String(threads)] : []),
  ];
}

/** One picture of each, at its time: half or twice as many would be another programme. */
const progressive: Readonly<Record<Video["interlace"], readonly string[]>> = {
  automatic: ["bwdif=mode=send_frame:deint=interlaced"],
  deinterlace: ["bwdif=mode=send_frame:deint=all"],
  keep: [],
};

/**
 * No B-frames: a relay could not cut before them. A keyframe that is asked for is one that a player
 * can begin with: VAAPI makes it so by itself, the others have to be told.
 */
function encoderArguments(by: PictureEncoder, { preset }: Video): string[] {
  const high = ["-profile:v", "high", "-bf", "0"];
  switch (by) {
    case "libx264":
      return [...["-preset", preset, "-tune", "zerolatency"]];
    case "h264_nvenc":
      return [
        ...["-pix_fmt", "yuv420p", ...high, "-preset", "p4", "-tune", "ll", "-rc", "cbr"],
        ...["-forced-idr", "1", "-zerolatency", "1", "-delay", "0"],
      ];
    case "h264_qsv":
      return [
        ...["-pix_fmt", "nv12", ...high, "-preset", "veryfast"],
        ...["-forced_idr", "1", "-async_depth", "1", "-adaptive_i", "0"],
      ];
    case "h264_vaapi":
      return [...high, "-rc_mode", "CBR", "-async_depth", "1"];
  }
}

/**
 * In 4:2:0 of 8 bits: x264 in the range of the source, of which `-pix_fmt` and the others make limited
 * range. VAAPI encodes only what lies in the memory of its device.
 */
const takes: Readonly<Record<PictureEncoder, readonly string[]>> = {
  ...{ libx264: ["format=yuv420p|yuvj420p"], h264_nvenc: [], h264_qsv: [] },
  h264_vaapi: ["format=nv12", "hwupload"],
};

/** What stands before the input. */
export const deviceArguments = (by: PictureEncoder): string[] =>
  by === "h264_vaapi" ? ["-vaapi_device", renderNodes()[0] ?? "/dev/dri/renderD128"] : [];

/** The devices that VAAPI and Quick Sync encode with, in their order. */
export function renderNodes(folder = "/dev/dri"): string[] {
  try {
    const nodes = readdirSync(folder).filter((name) => /^renderD\d+$/.test(name));
    return nodes.sort().map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}

/** After so many seconds the times of a transport stream begin anew: 33 bits at 90 kHz. */
const clockS = 2 ** 33 / 90_000;

/**
 * Every picture of the source at its time, and keyframes where the source's clock says so: two
 * encoders that do this make the same GOPs, whenever and at whichever picture each was started.
 *
 * In the expression for keyframes ffmpeg counts `t` from an encoder's first picture. So that one is
 * put at 0, and thrown away when it is encoded; with it what comes before the first whole GOP, whose
 * shortness would let a relay begin, and wait again. Half a tick more: no time is just at the edge of a
 * GOP for one, and before it for another, which began before the clock went round.
 */
export function onSourceClock(p: {
  gopS: number;
  framesPerSecond: number;
  filters: readonly string[];
  by?: PictureEncoder;
}): string[] {
  const { by = "libx264" } = p;
  const gopOf = (t: string) => `floor((mod(${t},${clockS})+5e-6)/${p.gopS})`;
  return [
    ...filtered([...p.filters, "setpts='if(N,PTS,0)'", ...takes[by]]),
    ...["-fps_mode", "passthrough", "-enc_time_base", "1:90000", "-g", "10000"],
    ...["-force_key_frames", `expr:not(eq(${gopOf("t")},${gopOf("prev_forced_t")}))`],
    ...["-bsf:v", "noise=drop=lt(st(0\\,ld(0)+key)\\,3)"],
    // Begun before its source it was seen to take 90 000 a second, and to give each picture 4 bits.
    ...(by === "libx264" ? ["-x264-params", `fps=${p.framesPerSecond}`] : []),
  ];
}

const filtered = (filters: readonly string[]) =>
  filters.length > 0 ? ["-vf", filters.join(",")] : [];
