import { z } from "zod";
import { hardwareCodecs } from "../../../machines/encoder/picture-encoder.ts";
import {
  absolutePath,
  engineFields,
  ingest,
  pictureFields,
  soundFields,
  source,
  suspectsInTime,
  testPattern,
  udp,
} from "../shared/engine/fields.ts";
import { rtmp, srt } from "../shared/engine/input-access.ts";

/** What is encoded. Which protocols and containers ffmpeg may open follows from `kind` alone. */
export const FfmpegInput = z.discriminatedUnion("kind", [
  testPattern,
  z.strictObject({
    kind: z.literal("file").describe("a file on this host"),
    path: absolutePath.describe("absolute path"),
    loop: z.boolean().default(true).describe("begin again at the end"),
    realtime: z.boolean().default(true).describe("read at the speed of the programme"),
  }),
  rtmp,
  srt,
  udp,
  ingest,
]);
export type FfmpegInput = z.infer<typeof FfmpegInput>;

/** Through a relay, or in RTMP, another would be lost on the way without a word. */
const notCarried = ({ input }: { input?: unknown }) =>
  typeof input === "string" && /26[56]|hevc|av1|vp[89]/i.test(input)
    ? "makes no H.264: the relay, its outputs and RTMP carry nothing else"
    : undefined;

const video = z
  .strictObject({
    codec: z
      .enum(["libx264", "copy", "auto", ...hardwareCodecs], { error: notCarried })
      .default("libx264")
      .describe(
        "libx264 encodes by the processor, copy passes on what comes in; one of the others encodes by " +
          "that hardware, auto by any: where a trial shows that it can, else by libx264",
      ),
    ...pictureFields,
    interlace: z
      .enum(["automatic", "deinterlace", "keep"])
      .default("automatic")
      .describe(
        "of interlaced pictures: automatic makes progressive ones of those that are flagged, one of " +
          "each; deinterlace of all; keep encodes them as interlaced",
      ),
  })
  .refine(
    // x264 takes no other for interlaced pictures.
    ({ interlace, height = 0 }) => interlace !== "keep" || height % 4 === 0,
    { path: ["height"], error: "must be a multiple of 4 where interlaced pictures are kept" },
  )
  .refine(({ codec, interlace }) => interlace !== "keep" || ["libx264", "copy"].includes(codec), {
    path: ["codec"],
    error: "keeps no interlaced pictures, which libx264 does",
  });

const audio = z.strictObject({
  codec: z.enum(["aac", "copy", "none"]).default("aac").describe("encode, pass on, or leave out"),
  tracks: z
    .int()
    .min(1)
    .max(8)
    .default(1)
    .describe(
      "so many sounds of the input, in its order, each with its language; RTMP carries one",
    ),
  ...soundFields,
  channels: z
    .union([soundFields.channels.unwrap(), z.literal("keep")])
    .default(2)
    .describe(
      "of each sound; keep: as it comes, 5.1 for instance, as far as AAC has such a layout",
    ),
});

/** What a site says of one ffmpeg encoder. */
export const FfmpegOptions = z
  .strictObject({
    source,
    input: FfmpegInput.describe("what is encoded"),
    video: video.prefault({}).describe("picture"),
    audio: audio.prefault({}).describe("sound"),
    ...engineFields,
    program: absolutePath.default("/usr/bin/ffmpeg").describe("the ffmpeg to run"),
  })
  .refine(suspectsInTime.holds, suspectsInTime.says);
export type FfmpegOptions = z.infer<typeof FfmpegOptions>;
