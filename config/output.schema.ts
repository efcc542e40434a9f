/** Where a relayed stream goes besides its destination: each output is a process of its own. */
import { z } from "zod";
import { absolutePath, displayName, host, id, port, publishAddress, url } from "./fields.ts";
import { rungNames } from "./rungs.ts";
import { SecretReference } from "./secrets.ts";
import { bitrate, duration, percent, section, size } from "./units.ts";

const common = {
  id: id
    .refine((given) => given !== "pusher", "is what feeds the destination; choose another id")
    .describe("Stable id, of this output alone on the whole site"),
  name: displayName.exactOptional().describe("What people call it"),
};

const segmented = {
  segment: duration({ atLeast: "1s", atMost: "20s" })
    .prefault("4s")
    .describe("Length of a segment; it ends with a GOP"),
  window: duration({ atLeast: "3s", atMost: "24h" })
    .prefault("60s")
    .describe("How much the list holds; at least three segments"),
  host: host.prefault("127.0.0.1").describe("Own address to be read at"),
  port: port.min(1).exactOptional().describe("Read at http://HOST:PORT/index.m3u8"),
  token: SecretReference.exactOptional().describe(
    "Where the token is kept: read at http://HOST:PORT/TOKEN/index.m3u8 then, and not without",
  ),
  push: section({
    address: url("http", "https").describe("Below it each file is put (PUT), and deleted when old"),
    s3: section({
      region: z
        .string()
        .regex(/^[a-z0-9-]{1,63}$/, "must be like eu-central-1")
        .describe("Region of the bucket; what is no Amazon often takes us-east-1 or auto"),
      accessKeyId: z
        .string()
        .regex(/^[A-Za-z0-9._-]{3,128}$/, "letters, digits and . _ -, at least 3")
        .describe("Whose requests these are"),
      secretAccessKey: SecretReference.describe("Where the secret key is kept that signs them"),
    })
      .exactOptional()
      .describe(
        "The address is in a bucket of S3, or of what is compatible with it: requests are signed " +
          "(AWS Signature V4). The bucket is the first part of its host, or of its path",
      ),
    token: SecretReference.exactOptional().describe(
      "Where the token is kept that is sent as Authorization: Bearer TOKEN; with s3 to purge only",
    ),
    purge: url("http", "https")
      .exactOptional()
      .describe(
        "Told by POST, each time, which lists are new, and when somebody asks for it all there is",
      ),
  })
    .exactOptional()
    .describe("A server of a CDN that gets all that is written"),
};

/** MPEG-TS in packets of their own, to a receiver or to a group. */
const packets = (scheme: "udp" | "rtp", group: string) => ({
  address: z
    .string()
    .regex(
      new RegExp(`^${scheme}://[A-Za-z0-9.:[\\]-]{1,255}:\\d{1,5}$`),
      `must be like ${scheme}://${group}`,
    )
    .describe("Where to send it"),
  interface: host.exactOptional().describe("Own address of the network to send it on"),
  pace: bitrate({ atLeast: "1Mbps", atMost: "10Gbps" })
    .exactOptional()
    .describe(
      "Never faster than this, so that a keyframe is no burst; when left out four times what the encoders send, where that is known",
    ),
});

export const output = z.discriminatedUnion("kind", [
  section({
    ...common,
    kind: z.literal("hls").describe("Live HLS in a folder, served from here where a port is given"),
    folder: absolutePath
      .exactOptional()
      .describe("Where it is written; a folder of the state directory when left out"),
    container: z
      .enum(["ts", "fmp4"])
      .prefault("ts")
      .describe(
        "What segments are: MPEG-TS, or fragmented MP4 with a file that stands before them",
      ),
    ...segmented,
  }),
  section({
    ...common,
    kind: z
      .literal("ladder")
      .describe("Live HLS and DASH in several sizes, cut at the same keyframes"),
    folder: absolutePath
      .exactOptional()
      .describe("Where it is written; a folder of the state directory when left out"),
    sizes: z
      .array(z.enum(rungNames))
      .prefault(["720p", "480p"])
      .describe(
        "Encoded besides the source's own size; what is not smaller than the source is left out",
      ),
    ...segmented,
  }),
  section({
    ...common,
    kind: z.literal("recording").describe("Files on a disk of this host"),
    storage: id.exactOptional().describe("Storage id: recorded into its first place"),
    folder: absolutePath.exactOptional().describe("Or the folder itself"),
    container: z.enum(["ts", "fmp4"]).prefault("ts").describe("What files are"),
    file: duration({ atLeast: "10s", atMost: "12h" })
      .prefault("15min")
      .describe("Length of a file; it ends with a GOP"),
    keep: duration({ atLeast: "1min", atMost: "3650d" })
      .prefault("7d")
      .describe("How long files are kept, where there is room"),
    keepAtMost: size({ atLeast: "1MiB", atMost: "1000000GiB" })
      .exactOptional()
      .describe("How much its files may take together; the oldest go first"),
    leastFree: percent({ atLeast: "0%", atMost: "90%" })
      .prefault("10%")
      .describe("Free space below which the oldest files of it go, and then nothing is recorded"),
  }),
  section({
    ...common,
    kind: z.literal("rtmp").describe("Pushed by RTMP or RTMPS"),
    address: publishAddress("rtmp", "rtmps").describe("Where to publish, without the stream key"),
    streamKey: SecretReference.describe("Where the stream key is kept"),
  }),
  section({
    ...common,
    kind: z.literal("srt").describe("MPEG-TS by SRT; we call"),
    address: publishAddress("srt").describe("Whom to call, srt://HOST:PORT"),
    streamId: z
      .string()
      .regex(/^[!-~]{1,512}$/, "printable characters without blanks, at most 512")
      .exactOptional()
      .describe("Which stream it is there"),
    passphrase: SecretReference.exactOptional().describe(
      "Where the passphrase is kept (10 to 79 characters)",
    ),
    latency: duration({ atLeast: "20ms", atMost: "8s" })
      .prefault("120ms")
      .describe("How long SRT may wait for packets that were lost"),
  }),
  section({
    ...common,
    kind: z.literal("udp").describe("MPEG-TS by UDP, unicast or multicast"),
    ...packets("udp", "239.1.1.1:5000"),
  }),
  section({
    ...common,
    kind: z
      .literal("rtp")
      .describe("MPEG-TS by RTP (RFC 2250, without RTCP), unicast or multicast"),
    ...packets("rtp", "239.1.1.1:5004"),
  }),
]);
