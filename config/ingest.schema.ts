/** Where pictures come into this site: each ingest is a process that takes one programme in. */
import { z } from "zod";
import { absolutePath, bareUrl, displayName, host, id, port } from "./fields.ts";
import { SecretReference } from "./secrets.ts";
import { bitrate, duration, section } from "./units.ts";

const common = {
  id: id.describe("Stable id; encoders name it as their input"),
  name: displayName.exactOptional().describe("What people call it"),
};
const listening = {
  host: host.prefault("0.0.0.0").describe("Own address to listen on"),
  port: port.min(1),
};
const passphrase = SecretReference.exactOptional().describe(
  "Where the passphrase is kept (10 to 79 characters); without one the stream is not encrypted",
);
const latency = duration({ atLeast: "20ms", atMost: "8s" })
  .prefault("120ms")
  .describe("How long SRT may wait for packets that were lost");
const sessions = z
  .boolean()
  .prefault(false)
  .describe(
    "Instead: only for whoever asks with POST /api/streams/init, each with a key of its own",
  );
const streamKey = SecretReference.exactOptional().describe(
  "Where the key of publishers is kept: letters, digits, _ and -",
);
export const whipPort = 8_889;
const side = z.int().min(16).max(8_192).multipleOf(2);
/** Group or own address, and port. */
const packets = (scheme: string) =>
  z
    .string()
    .regex(
      new RegExp(`^${scheme}://[A-Za-z0-9.:[\\]-]{1,255}:\\d{1,5}$`),
      `must be like ${scheme}://239.1.1.1:5000`,
    );
const networkInterface = host
  .exactOptional()
  .describe("Own address of the network a multicast group is joined on");

/** What is captured has to be encoded once. */
const captured = {
  framesPerSecond: z.number().min(1).max(120).prefault(25).describe("Frames a second"),
  bitrate: bitrate({ atLeast: "50kbps", atMost: "100Mbps" })
    .prefault("8Mbps")
    .describe("Of the picture, which is encoded here"),
};
const capture = z.literal("capture").describe("A device of this host");
const alsaDevice = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_:,.=-]{0,63}$/, "must be like hw:1,0 or default")
  .describe("Sound card, as ALSA names it: hw:1,0 or default");

const rtmpApp = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "letters, digits, _ and -, at most 64")
  .prefault("live")
  .describe("RTMP application");

export const ingest = z.discriminatedUnion("kind", [
  section({
    ...common,
    kind: z.literal("rtmp").describe("Publishers push to rtmp://HOST:PORT/APP with the key"),
    host: listening.host,
    port: listening.port.prefault(1_935).describe("TCP port"),
    app: rtmpApp,
    streamKey,
    sessions,
  }),
  section({
    ...common,
    kind: z
      .literal("nginx-rtmp")
      .describe("Publishers push to your nginx with the RTMP module; we take it from there"),
    host: host.prefault("127.0.0.1").describe("Where nginx is, for publishers and for us"),
    port: listening.port.prefault(1_935).describe("TCP port of its RTMP"),
    app: rtmpApp,
    streamKey,
    sessions,
    authorise: section({
      host: host.prefault("127.0.0.1").describe("Own address to listen on"),
      port: listening.port.describe("TCP port"),
    })
      .exactOptional()
      .describe("Where nginx asks who may publish: on_publish http://HOST:PORT/"),
  }),
  section({
    ...common,
    kind: z
      .literal("whip")
      .describe("Browsers and others push by WebRTC to http://HOST:PORT/whip/ID with the key"),
    host: listening.host,
    port: listening.port
      .max(65_526)
      .prefault(whipPort)
      .describe("TCP port; the media come to UDP ports from the same number on, ten of them"),
    streamKey,
    sessions,
  }),
  z.discriminatedUnion("mode", [
    section({
      ...common,
      kind: z.literal("srt").describe("MPEG-TS by SRT"),
      mode: z
        .literal("listener")
        .describe("Publishers call; whoever has the passphrase is let in, one at a time"),
      host: listening.host,
      port: listening.port.describe("UDP port"),
      passphrase,
      latency,
      sessions,
    }),
    section({
      ...common,
      kind: z.literal("srt").describe("MPEG-TS by SRT"),
      mode: z.literal("caller").describe("We call whoever has the picture"),
      host: host.describe("Whom to call"),
      port: listening.port.describe("UDP port"),
      streamId: z
        .string()
        .regex(/^[!-~]{1,512}$/, "printable characters without blanks, at most 512")
        .exactOptional()
        .describe("Which stream is wanted there"),
      passphrase,
      latency,
    }),
  ]),
  section({
    ...common,
    kind: z.literal("rtsp").describe("Pulled by RTSP, such as from a camera"),
    url: bareUrl("token", "rtsp").describe("Where to pull from"),
    username: z
      .string()
      .regex(/^[^\p{Cc}]{1,128}$/u)
      .exactOptional()
      .describe("Name it knows us by"),
    password: SecretReference.exactOptional().describe("Where the password is kept"),
    token: SecretReference.exactOptional().describe(
      "Where it is kept what stands behind the ? of the address",
    ),
    transport: z.enum(["tcp", "udp"]).prefault("tcp").describe("How the media come"),
  }),
  section({
    ...common,
    kind: z.literal("hls").describe("Pulled from an HLS server, http or https"),
    url: bareUrl("token", "http", "https").describe("The playlist, of variants or of segments"),
    token: SecretReference.exactOptional().describe(
      "Where it is kept what stands behind the ? of the address",
    ),
  }),
  section({
    ...common,
    kind: z.literal("udp").describe("MPEG-TS by UDP, unicast or multicast"),
    url: packets("udp").describe("Group or own address, and port"),
    interface: networkInterface,
  }),
  section({
    ...common,
    kind: z.literal("rtp").describe("MPEG-TS by RTP, unicast or multicast"),
    url: packets("rtp").describe("Group or own address, and port"),
    interface: networkInterface,
  }),
  section({
    ...common,
    kind: z.literal("file").describe("A file on this host, over and over, at its own speed"),
    path: absolutePath.describe("Absolute path"),
  }),
  z.discriminatedUnion("by", [
    section({
      ...common,
      kind: capture,
      by: z
        .literal("v4l2")
        .describe("A camera or a capture card that Linux knows as a video device"),
      device: z
        .string()
        .regex(
          /^\/dev\/(video\d{1,3}|v4l\/by-(id|path)\/[A-Za-z0-9_][A-Za-z0-9_.:+-]{0,200})$/,
          "must be like /dev/video0 or /dev/v4l/by-id/NAME",
        )
        .describe("Which one; by-id stays the same when another is plugged in"),
      format: z
        .enum(["yuyv422", "uyvy422", "nv12", "mjpeg", "h264"])
        .exactOptional()
        .describe("What it is to give, of what it can; h264 is passed on as it is"),
      width: side.exactOptional().describe("Pixels; with height"),
      height: side.exactOptional().describe("Pixels; with width"),
      sound: alsaDevice.exactOptional(),
      ...captured,
    }),
    section({
      ...common,
      kind: capture,
      by: z.literal("alsa").describe("A sound card, under a black picture"),
      sound: alsaDevice,
      width: side.prefault(1_280).describe("Pixels"),
      height: side.prefault(720).describe("Pixels"),
      ...captured,
    }),
    section({
      ...common,
      kind: capture,
      by: z.literal("decklink").describe("A card of Blackmagic; needs an ffmpeg built with it"),
      card: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9 ()._+-]{0,79}$/, "letters, digits, blank and ( ) . _ + -")
        .describe("Its name, as ffmpeg -sources decklink lists it"),
      formatCode: z
        .string()
        .regex(/^[A-Za-z0-9]{3,4}$/, "must be like Hp50")
        .exactOptional()
        .describe("Of the signal, as ffmpeg -f decklink -list_formats lists it"),
      connection: z
        .enum(["sdi", "hdmi", "optical_sdi", "component", "composite", "s_video"])
        .exactOptional()
        .describe("Which of its inputs"),
      ...captured,
    }),
    section({
      ...common,
      kind: capture,
      by: z
        .literal("ndi")
        .describe("A source on the network by NDI; needs an ffmpeg built with it"),
      source: z
        .string()
        .regex(/^[^\p{Cc}-][^\p{Cc}]{0,127}$/u, "a name without control characters")
        .describe("Its name, MACHINE (SOURCE)"),
      ...captured,
    }),
  ]),
  section({
    ...common,
    kind: z.literal("testPattern").describe("Moving bars with a clock, and a tone"),
    width: side.prefault(1_280).describe("Pixels"),
    height: side.prefault(720).describe("Pixels"),
    framesPerSecond: z.number().min(1).max(120).prefault(25).describe("Frames a second"),
    bitrate: bitrate({ atLeast: "50kbps", atMost: "100Mbps" })
      .prefault("4Mbps")
      .describe("Of the picture"),
    label: z
      .string()
      .regex(/^[A-Za-z0-9 ._-]{1,40}$/, "letters, digits, blank, point, _ and -, at most 40")
      .exactOptional()
      .describe("What stands in the picture; the ingest's id when left out"),
  }),
]);
