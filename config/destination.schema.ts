/** Where programmes go, and who looks whether they arrive. */
import { z } from "zod";
import { profileIds } from "../machines/profile/profiles.ts";
import { playback } from "./content.schema.ts";
import { displayName, id, publishAddress, url } from "./fields.ts";
import { SecretReference } from "./secrets.ts";
import { duration, section } from "./units.ts";

const observer = z.discriminatedUnion("kind", [
  section({
    kind: z.literal("nginx-rtmp").describe("Statistics page of nginx with the RTMP module"),
    statisticsUrl: url("http", "https").describe("The page, rtmp_stat in XML"),
    app: z.string().min(1).describe("RTMP application the stream is published to"),
    controlUrl: url("http", "https").exactOptional().describe("rtmp_control, to drop a publisher"),
    blockUrl: url("http", "https")
      .exactOptional()
      .describe("Your on_publish authoriser: told by POST whom to keep out before it is dropped"),
    username: z.string().min(1).exactOptional().describe("Name for HTTP Basic authentication"),
    password: SecretReference.exactOptional().describe("Where its password is kept"),
  }),
  section({
    kind: z.literal("node-media-server").describe("HTTP API of a node-media-server"),
    apiUrl: url("http", "https").describe("Base address of the API"),
    app: z.string().min(1).describe("RTMP application the stream is published to"),
    username: z.string().min(1).exactOptional().describe("Name the API knows us by"),
    password: SecretReference.exactOptional().describe("Where the password is kept"),
  }),
  section({
    kind: z.literal("hls").describe("A live HLS playlist; proves presence, never absence"),
    url: url("http", "https").describe("The media playlist"),
    content: playback("30s"),
  }),
  section({
    kind: z.literal("ffprobe").describe("Opens the stream; proves presence, never absence"),
    url: url("http", "https", "rtmp", "rtmps", "srt").describe("Where viewers get it"),
    content: playback("5s"),
  }),
]);

const ingestUrl = publishAddress("rtmp", "rtmps", "srt");

const srt = section({
  mode: z
    .enum(["caller", "listener"])
    .prefault("caller")
    .describe(
      "caller = we call it; listener = it calls us, at the own address and port of `address`",
    ),
  streamId: z
    .string()
    .regex(/^[!-~]{1,512}$/, "printable characters without blanks, at most 512")
    .exactOptional()
    .describe("Sent as the stream id in place of a streamKey, where it is no secret"),
  passphrase: SecretReference.exactOptional().describe(
    "Where the passphrase is kept (10 to 79 characters); without one the stream is not encrypted",
  ),
  latency: duration({ atLeast: "20ms", atMost: "8s" })
    .prefault("120ms")
    .describe("How long SRT may wait for packets that were lost"),
});

const fields = section({
  id: id.describe("Stable id"),
  name: displayName.exactOptional().describe("What people call it"),
  address: ingestUrl.describe("Where to publish, without the stream key"),
  backupAddress: ingestUrl.exactOptional().describe("The destination's second address"),
  streamKey: SecretReference.exactOptional().describe(
    "Where the stream key is kept; needed but with `srt`, where it is the stream id",
  ),
  srt: srt.exactOptional().describe("How it is called by SRT; for encoders ffmpeg and GStreamer"),
  profile: z
    .enum(profileIds)
    .exactOptional()
    .describe("Whose rules a session's picture has to keep; else those of its address"),
  takeover: z
    .enum(["exclusive", "primaryBackup", "lastWins", "firstWins"])
    .prefault("exclusive")
    .describe("What the far end does with a second publisher"),
  test: z
    .boolean()
    .prefault(false)
    .describe(
      "Nobody watches it: commissioning and exercises may publish here, one box or two at once",
    ),
  allowUnproven: z
    .boolean()
    .prefault(false)
    .describe("Take over without proof that the primary is off; journalled each time"),
  allowSmallerPicture: z
    .boolean()
    .prefault(false)
    .describe(
      "An encoder in trouble may send a smaller picture when nothing milder helps; players stand it",
    ),
  ghostSession: duration({ atMost: "10min" })
    .prefault("90s")
    .describe("How long a far end may still say `already publishing` after a proven stop"),
  fenceTimeout: duration({ atLeast: "1s", atMost: "10min" })
    .prefault("45s")
    .describe(
      "How long proof is sought before a person is called (longer while quiet becomes proof)",
    ),
  noPublisherProof: duration({ atLeast: "1s", atMost: "10min" })
    .prefault("30s")
    .describe("No publisher at the far end for this long counts as proof"),
  deviceRetryPeriod: duration({ atMost: "5min" })
    .prefault("10s")
    .describe("How often an encoder tries again by itself; twice this is the least proof time"),
  offAirEndsEventAfter: duration({ atLeast: "1s" })
    .exactOptional()
    .describe("The destination ends the event after this long without picture"),
  observers: z.array(observer).max(8).prefault([]).describe("Who looks at the far end, and how"),
  observeEvery: duration({ atLeast: "100ms", atMost: "60s" })
    .prefault("500ms")
    .describe("How often the far end is looked at"),
});

/** Where there is no key the stream id stands in its place; with SRT there need be neither. */
export const destination = fields
  .superRefine(({ address, backupAddress, streamKey, srt }, ctx) => {
    const say = (key: string, message: string) =>
      ctx.addIssue({ code: "custom", path: [key], message });
    const all = [address, ...(backupAddress === undefined ? [] : [backupAddress])];
    if (srt && !all.every((one) => one.startsWith("srt:"))) say("srt", "needs srt:// addresses");
    if (!srt && streamKey === undefined) say("streamKey", "is missing");
    if (srt?.streamId !== undefined && streamKey !== undefined) {
      say("streamKey", "is not used with srt.streamId: it is the stream id itself");
    }
  })
  .transform(({ streamKey, ...rest }) => ({
    ...rest,
    streamKey: streamKey ?? rest.srt?.streamId ?? "",
  }));
