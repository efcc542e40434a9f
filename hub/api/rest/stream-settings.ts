/** What a stream is asked to be, in the words that scripts know: `1920x1080`, 5000000 or `5M`. */
import { z } from "zod";
import { protocols } from "../../../machines/profile/destination-profile.ts";
import type { StreamField, WantedStream } from "../../../machines/profile/validate.ts";

const size = /^([1-9]\d{1,4})x([1-9]\d{1,4})$/;
const scales = { "": 1, k: 1_000, m: 1_000_000 };

const inRange = z.number().int().min(1_000).max(1_000_000_000);
/** bit/s, or with k or M behind it. */
export const Bitrate = z
  .union([inRange, z.string().regex(/^\d{1,10}(\.\d{1,3})?[kKmM]?$/, "bit/s, or like 5000k or 5M")])
  .transform((given) => {
    if (typeof given === "number") return given;
    const unit = /[km]$/i.exec(given)?.[0].toLowerCase() ?? "";
    return Math.round(Number.parseFloat(given) * scales[unit as keyof typeof scales]);
  })
  .pipe(inRange)
  .describe("bit/s: 5000000, 5000k or 5M");

export const StreamSettings = z.strictObject({
  resolution: z.string().regex(size, "width x height, like 1920x1080"),
  bitrate: Bitrate,
  fps: z.number().min(1).max(240),
  audio_bitrate: Bitrate.optional(),
  keyframe_interval: z.number().min(0.1).max(60).optional().describe("seconds"),
  protocol: z.enum(protocols).optional(),
  stream_key: z.string().max(1_024).optional().describe("judged by its form, kept nowhere"),
});
export type StreamSettings = z.infer<typeof StreamSettings>;

/** The name a field of `WantedStream` has in REST. */
export const fieldNames = {
  widthPx: "resolution",
  heightPx: "resolution",
  framesPerSecond: "fps",
  videoBps: "bitrate",
  audioBps: "audio_bitrate",
  keyframeEveryS: "keyframe_interval",
  protocol: "protocol",
  streamKey: "stream_key",
} as const satisfies Record<StreamField, keyof StreamSettings>;

export function wantedFrom(body: StreamSettings): WantedStream {
  const [, width, height] = size.exec(body.resolution) ?? [];
  return {
    widthPx: Number(width),
    heightPx: Number(height),
    framesPerSecond: body.fps,
    videoBps: body.bitrate,
    ...(body.audio_bitrate !== undefined && { audioBps: body.audio_bitrate }),
    ...(body.keyframe_interval !== undefined && { keyframeEveryS: body.keyframe_interval }),
    ...(body.protocol !== undefined && { protocol: body.protocol }),
    ...(body.stream_key !== undefined && { streamKey: body.stream_key }),
  };
}
