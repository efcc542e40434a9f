/** ffmpeg as it sends a programme on: what goes in is what goes out. */
import { certificateAuthorities } from "../drivers/ffmpeg/arguments.ts";
import { endpointOf } from "../../machines/endpoint.ts";
import type { Form } from "../relay/muxes.ts";
import type { OutputTarget } from "./settings.ts";

export type PushTarget = Extract<OutputTarget, { kind: "rtmp" | "srt" | "udp" }>;

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

function to(target: PushTarget): string[] {
  const ts = ["-muxdelay", "0", "-muxpreload", "0", "-flush_packets", "1", "-f", "mpegts"];
  switch (target.kind) {
    case "udp": {
      const from = target.interface === undefined ? "" : `&localaddr=${target.interface}`;
      return [...["-protocol_whitelist", "udp"], ...ts, `${target.address}?pkt_size=1316${from}`];
    }
    case "srt":
      return [
        ...(target.streamId === undefined ? [] : ["-srt_streamid", target.streamId]),
        ...(target.passphrase === undefined ? [] : ["-passphrase", target.passphrase]),
        ...["-latency", String(target.latencyMs * 1_000), "-mode", "caller"],
        ...["-protocol_whitelist", "srt", ...ts, target.address],
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
