/** ffmpeg as it sends a programme on: what goes in is what goes out. */
import { certificateAuthorities, srtArguments } from "../drivers/ffmpeg/arguments.ts";
import { endpointOf } from "../../machines/endpoint.ts";
import type { Form } from "../relay/muxes.ts";
import type { OutputTarget } from "./settings.ts";

export type PushTarget = Extract<OutputTarget, { kind: "rtmp" | "srt" | "udp" | "rtp" }>;

/** ffmpeg gives an RTMP far end a new header only where its own input has one. */
export const pushForm = ({ kind }: PushTarget): Form => (kind === "rtmp" ? "flv" : "mpegts");

export function pushArguments(target: PushTarget): string[] {
  return [
    ...["-hide_banner", "-nostats", "-loglevel", "error", "-fflags", "nobuffer"],
    ...["-progress", "pipe:1", "-stats_period", "0.5"],
    ...["-probesize", "1000000", "-analyzeduration", "500000"],
    ...["-protocol_whitelist", "pipe", "-f", pushForm(target), "-i", "pipe:0"],
    ...["-map", "0:v:0", "-map", "0:a?", "-c", "copy"],
    ...to(target),
  ];
}

const ts = ["-muxdelay", "0", "-muxpreload", "0", "-flush_packets", "1"];
const tsBytes = 7 * 188;
const rtpHeaderBytes = 12;
/** So many packets may follow each other at once. */
const atOnce = 10;

/** ffmpeg's own rtp:// cannot pace: its packets are handed to what can. */
function packets({ kind, address, paceBps, ...target }: PushTarget & { kind: "udp" | "rtp" }) {
  const isRtp = kind === "rtp";
  const bytes = isRtp ? rtpHeaderBytes + tsBytes : tsBytes;
  const from = target.interface === undefined ? "" : `&localaddr=${target.interface}`;
  return [
    ...ts,
    // Its reports would stand among the packets of the picture.
    ...(isRtp
      ? ["-rtp_muxer_options", "rtpflags=skip_rtcp", "-f", "rtp_mpegts"]
      : ["-f", "mpegts"]),
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
        ...["-protocol_whitelist", "srt", ...ts, "-f", "mpegts", target.address],
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
