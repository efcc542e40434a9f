/**
 * ffmpeg as it sends a programme on: what goes in is what goes out. It would write a transport stream
 * anew, and splice information as something else: only the bytes of one are handed to it.
 */
import { certificateAuthorities, srtArguments } from "../drivers/ffmpeg/arguments.ts";
import { endpointOf } from "../../machines/endpoint.ts";
import type { Form } from "../relay/muxes.ts";
import { rtpBytes, tsBytes } from "./rtp-packets.ts";
import type { OutputTarget } from "./settings.ts";

export type PushTarget = Extract<OutputTarget, { kind: "rtmp" | "srt" | "udp" | "rtp" }>;

/** ffmpeg gives an RTMP far end a new header only where its own input has one. */
export const pushForm = ({ kind }: PushTarget): Form => (kind === "rtmp" ? "flv" : "mpegts");

export function pushArguments(target: PushTarget): string[] {
  return [
    ...["-hide_banner", "-nostats", "-loglevel", "error", "-fflags", "nobuffer"],
    ...["-progress", "pipe:1", "-stats_period", "0.5"],
    ...["-protocol_whitelist", "pipe"],
    ...(target.kind === "rtmp" ? programme : bytes),
    ...to(target),
  ];
}

const programme = [
  ...["-probesize", "1000000", "-analyzeduration", "500000", "-f", "flv", "-i", "pipe:0"],
  ...["-map", "0:v:0", "-map", "0:a?", "-c", "copy"],
];
const bytes = ["-f", "data", "-i", "pipe:0", "-map", "0", "-c", "copy"];
/** Not flushed: datagrams are as long as they can be, and end where a packet does. */
const raw = ["-flush_packets", "0", "-f", "data"];
/** So many packets may follow each other at once. */
const atOnce = 10;

/** ffmpeg's own rtp:// cannot pace: whole packets are handed to what can. */
function packets({ kind, address, paceBps, ...target }: PushTarget & { kind: "udp" | "rtp" }) {
  const bytes = kind === "rtp" ? rtpBytes : tsBytes;
  const from = target.interface === undefined ? "" : `&localaddr=${target.interface}`;
  return [
    ...raw,
    `${address.replace(/^rtp:/, "udp:")}?pkt_size=${bytes}` +
      `&bitrate=${paceBps}&burst_bits=${8 * atOnce * bytes}${from}`,
  ];
}

function to(target: PushTarget): string[] {
  switch (target.kind) {
    case "udp":
    case "rtp":
      return [...["-protocol_whitelist", "udp"], ...packets(target)];
    case "srt":
      return [
        ...(target.streamId === undefined ? [] : ["-srt_streamid", target.streamId]),
        ...srtArguments({ ...target, mode: "caller" }),
        ...["-protocol_whitelist", "srt", ...raw, target.address],
      ];
    case "rtmp": {
      const { scheme, host, port, app } = endpointOf(target.address)!;
      const isSecure = scheme === "rtmps";
      return [
        ...["-rtmp_app", app, "-rtmp_playpath", target.streamKey],
        ...(isSecure ? ["-tls_verify", "1", "-ca_file", certificateAuthorities] : []),
        ...["-protocol_whitelist", isSecure ? "rtmps,tls,tcp" : "rtmp,tcp"],
        ...["-f", "flv", "-flvflags", "no_duration_filesize"],
        `${scheme}://${host}:${port}/${app}`,
      ];
    }
  }
}
