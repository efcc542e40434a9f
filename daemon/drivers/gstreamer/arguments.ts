/**
 * gst-launch's arguments from typed fields. Every element and property is named here, and every
 * value is escaped, so nothing of a user ever stands where an element could begin.
 */
import { publisherMark } from "../../../machines/publisher-mark.ts";
import { DriverError } from "../driver.ts";
import type { Endpoint } from "../../../machines/endpoint.ts";
import { checkedEndpoint, type Publication } from "../shared/engine/publication.ts";
import { caps, chain, element, fraction, isWritable } from "./description.ts";
import { inputBranches } from "./input.ts";
import type { GstreamerOptions } from "./options.ts";

/**
 * How long a multiplexer waits for the slower of picture and sound. With none at all, a busy host
 * made it send sound behind its time ("backwards dts"); with more, its waiting looks like a freeze.
 */
const interleaveNs = 200_000_000;

/** @throws DriverError `notPossible` when this output cannot be built; never quotes the key */
export function gstreamerArguments(options: GstreamerOptions, publication: Publication): string[] {
  const to = checkedEndpoint(publication);
  if (to.scheme === "spool") throw new DriverError("notPossible", "it pushes to a relay, by RTMP");
  if (!isWritable(publication.srt?.passphrase ?? "")) {
    throw new DriverError("notPossible", "gst-launch takes no passphrase with a quote in it");
  }
  if (!isWritable(publication.streamKey)) {
    throw new DriverError("notPossible", "gst-launch takes no stream key with a quote in it");
  }
  const { before, video, audio } = inputBranches(options, publication.destination);
  const sound = options.audio.codec !== "none";
  return [
    // The end of a stream is passed on when it is told to end, and nothing is said but errors. A crash
    // ends it: gst-launch would wait for a debugger instead.
    ...["-e", "-q", "-f"],
    ...outputArguments(to, publication),
    ...before,
    ...chain(video, ...videoEncoder(options), element("mux.")),
    ...(sound ? chain(audio, ...audioEncoder(options), element("mux.")) : []),
  ];
}

function videoEncoder({ video }: GstreamerOptions): string[][] {
  const { width, height, framesPerSecond, bitrateBps, gopSeconds, preset, threads } = video;
  return [
    element("videoconvert"),
    element("videoscale"),
    element("videorate"),
    caps("video/x-raw", {
      format: "I420",
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      framerate: fraction(framesPerSecond),
    }),
    element("x264enc", {
      tune: "zerolatency",
      "speed-preset": preset,
      bitrate: Math.round(bitrateBps / 1_000),
      "vbv-buf-capacity": 1_000,
      "key-int-max": Math.max(1, Math.round(gopSeconds * framesPerSecond)),
      "option-string": "scenecut=0",
      ...(threads !== undefined && { threads }),
    }),
    element("h264parse"),
    element("queue"),
  ];
}

function audioEncoder({ audio }: GstreamerOptions): string[][] {
  const { bitrateBps, sampleRateHz, channels } = audio;
  return [
    element("audioconvert"),
    element("audioresample"),
    caps("audio/x-raw", { rate: sampleRateHz, channels }),
    element("avenc_aac", { bitrate: bitrateBps }),
    element("aacparse"),
    element("queue"),
  ];
}

function outputArguments(to: Endpoint, publication: Publication): string[] {
  const multiplexer =
    to.scheme === "srt"
      ? element("mpegtsmux", { name: "mux", alignment: 7, latency: interleaveNs })
      : element("flvmux", { name: "mux", streamable: true, latency: interleaveNs });
  return [
    // The far end comes first: `tee` gives a buffer to the next branch when the one before took it.
    ...chain(multiplexer, element("tee", { name: "out" }), farEnd(to, publication)),
    ...progressArguments(publication.progressPort),
  ];
}

function farEnd(to: Endpoint, publication: Publication): string[] {
  const { encoder, streamKey, srt, keyGeneration } = publication;
  const { scheme, port, app } = to;
  if (scheme === "srt") {
    return element("srtsink", {
      // With a uri it would call, whatever its mode.
      ...(srt?.mode === "listener"
        ? { mode: srt.mode, localaddress: to.host.replace(/^\[|\]$/g, ""), localport: port }
        : { uri: `srt://${to.host}:${port}`, mode: "caller" }),
      ...(streamKey !== "" && { streamid: streamKey }),
      ...(srt && { latency: srt.latencyMs }),
      ...(srt?.passphrase !== undefined && { passphrase: srt.passphrase }),
      // Whether to publish again is not for the program to decide.
      "auto-reconnect": false,
      sync: false,
    });
  }
  const mark = publisherMark.format(encoder, keyGeneration);
  return element("rtmp2sink", {
    scheme,
    host: to.host.replace(/^\[|\]$/g, ""),
    port,
    application: app,
    stream: streamKey,
    "flash-version": `FMLE/3.0 (compatible; ${mark})`,
    // A network that takes nothing is told by the send queue; to end for it is not the program's.
    timeout: 30,
    ...(scheme === "rtmps" && { "tls-validation-flags": "validate-all" }),
    sync: false,
  });
}

/** Between two reports on average; chance makes it 0.4 to 1.3 of that (RFC 3550, 6.3.1). */
const reportEveryNs = 60_000_000;

/**
 * rtpsession ends its reports after the goodbye only if the end of the stream is through by then,
 * and it says goodbye from another thread: of 14 films at once 1 to 7 never ended, with this none
 * of 42.
 */
const goodbyeDelayUs = 10_000;

/**
 * gst-launch tells no progress. An RTP session does: what the far end took is also given to one,
 * whose packets go nowhere and whose sender reports say how many packets and bytes there were.
 * 80 bytes 16 times a second, by UDP, so it does not matter whether anybody listens.
 */
function progressArguments(port: number): string[] {
  const nothing = { sync: false, async: false };
  return [
    // One packet for each buffer, however large.
    ...chain(element("out."), element("rtpgstpay", { mtu: 16_000_000 }), ["count.send_rtp_sink"]),
    // A bandwidth so large that only the interval counts.
    ...element("rtpsession", {
      ...{ name: "count", "rtcp-min-interval": reportEveryNs, bandwidth: 100_000_000 },
    }),
    ...chain(["count.send_rtp_src"], element("fakesink", nothing)),
    ...chain(
      ["count.send_rtcp_src"],
      element("identity", { "sleep-time": goodbyeDelayUs }),
      element("udpsink", { host: "127.0.0.1", port, ...nothing }),
    ),
  ];
}
