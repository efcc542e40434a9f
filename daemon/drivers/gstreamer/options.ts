import { z } from "zod";
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

/** What is encoded: H.264 and AAC, by elements that are named here and found by nobody else. */
export const GstreamerInput = z.discriminatedUnion("kind", [
  testPattern.extend({
    label: testPattern.shape.label.describe(
      "what stands in the picture; nothing when left out (needs gstreamer1.0-x)",
    ),
  }),
  z.strictObject({
    kind: z.literal("file").describe("a file on this host, played once at its own speed"),
    path: absolutePath
      .regex(/\.(mp4|m4v|mov|mkv|ts|flv)$/, "a file that ends in mp4, m4v, mov, mkv, ts or flv")
      .regex(/^[^"'\\]*$/, "a path without quotes and backslashes")
      .describe("absolute path"),
  }),
  rtmp,
  srt,
  udp,
  ingest,
]);
export type GstreamerInput = z.infer<typeof GstreamerInput>;

const audio = z.strictObject({
  codec: z
    .enum(["aac", "none"])
    .default("aac")
    .describe("encode, or leave out; an input without sound needs none"),
  ...soundFields,
});

/** What a site says of one GStreamer encoder. */
export const GstreamerOptions = z
  .strictObject({
    source,
    input: GstreamerInput.describe("what is encoded"),
    video: z.strictObject(pictureFields).prefault({}).describe("picture, by x264"),
    audio: audio.prefault({}).describe("sound"),
    ...engineFields,
    program: absolutePath
      .default("/usr/bin/gst-launch-1.0")
      .describe("the gst-launch to run; its gst-inspect lies beside it"),
  })
  .refine(suspectsInTime.holds, suspectsInTime.says);
export type GstreamerOptions = z.infer<typeof GstreamerOptions>;
