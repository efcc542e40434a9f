/** How the relay of a stream on path `relayed` works, and where its boxes reach it. */
import { z } from "zod";
import { host, port } from "./fields.ts";
import { SecretReference } from "./secrets.ts";
import { bitrate, duration, section } from "./units.ts";

export const relayModes = ["gop-atomic", "delay-line", "next-keyframe"] as const;

/** The first encoder that pushes does so to this port, the next one to the next. */
export const firstRelayPort = 1_940;

export const relay = section({
  mode: z
    .enum(relayModes)
    .exactOptional()
    .describe(
      "gop-atomic: programs that read one source and so make the same GOPs; delay-line: encoders " +
        "with clocks and GOPs of their own, held by a GOP and half a second more; next-keyframe: " +
        "those without a delay, and with a hole of up to a GOP. delay-line where a box or " +
        "GStreamer is among them, else gop-atomic",
    ),
  host: host.exactOptional().describe("Own address that the boxes reach this host by"),
  port: port
    .min(1)
    .prefault(firstRelayPort)
    .describe(
      "TCP port that the first box or GStreamer encoder pushes to; the next one has the next",
    ),
  srt: section({
    passphrase: SecretReference.describe("Where the passphrase is kept (10 to 79 characters)"),
    latency: duration({ atLeast: "20ms", atMost: "8s" })
      .prefault("120ms")
      .describe("How long SRT may wait for packets that were lost"),
  })
    .exactOptional()
    .describe(
      "Boxes whose addresses are set up by hand push MPEG-TS by SRT, each to UDP at its port, with " +
        "this passphrase; all others push RTMP",
    ),
  watchdog: duration({ atLeast: "100ms", atMost: "2s" })
    .prefault("400ms")
    .describe(
      "An input without a picture for so long is taken for dead: more for programmes with fewer " +
        "than three pictures a second; delay-line holds that much more",
    ),
  band: section({
    least: bitrate({ atMost: "1Gbps" }).exactOptional().describe("Of each input, over 10 s"),
    most: bitrate({ atMost: "1Gbps" }).exactOptional().describe("Of each input, over 10 s"),
    avDriftAtMost: duration({ atLeast: "20ms", atMost: "10s" })
      .exactOptional()
      .describe("How far the sound may go from where it was beside the picture at first"),
    after: duration({ atLeast: "5s", atMost: "1h" })
      .prefault("30s")
      .describe("It is told when it has lasted this long"),
  })
    .refine(
      ({ leastBps = 0, mostBps = Infinity }) => leastBps < mostBps,
      "least must be below most",
    )
    .exactOptional()
    .describe("What its inputs should be within; nobody is put on air or taken off for it"),
}).describe("On path relayed: how the relay works, and where boxes push to");
