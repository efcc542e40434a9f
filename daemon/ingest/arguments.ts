/**
 * ffmpeg's arguments from typed fields: what comes in is passed on as it is, as MPEG-TS to the
 * group. Nothing of a user stands where an option could begin, and every source may open only the
 * protocols and containers of its kind.
 */
import { captureInputs, captureMaps, isPassedOn } from "./capture.ts";
import type { Group } from "./group.ts";
import { addressOf, type NetworkSource } from "./settings.ts";

/** Seconds between two progress blocks. */
const statsPeriodS = 0.5;
/** A keyframe is spread over some ms, or the buffers of its readers would have to take it at once. */
const paceBps = 100_000_000;
const datagramBytes = 1_316;

/** Sources of a transport stream. */
type Transport = Extract<NetworkSource, { kind: "srt" | "udp" | "rtp" }>;

/** Its bytes can be fetched as they are. RTP stands between those of others. */
export const isFetchable = (read: Read): read is Transport =>
  read.kind === "srt" || read.kind === "udp";

/** What is read: a source of its own, what is handed to it, or RTP that its SDP describes. */
export type Read =
  | NetworkSource
  | { kind: "flv" }
  | { kind: "mpegts"; from: Transport["kind"] }
  | { kind: "webrtc"; hasSound: boolean };

type To = {
  ingest: string;
  /** undefined: to its standard output. */
  group: Group | undefined;
  /** Where the times of the output begin, s. */
  beginS: number;
  /** May something be written into a picture that is made here? */
  text: boolean;
};

export function pumpArguments(read: Read, { ingest, group, beginS, text }: To): string[] {
  return [
    ...["-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info"],
    ...["-progress", "pipe:3", "-stats_period", String(statsPeriodS)],
    ...inputArguments(read, ingest, text),
    ...mapsOf(read),
    ...codecsOf(read),
    ...["-output_ts_offset", beginS.toFixed(3), "-muxdelay", "0", "-muxpreload", "0"],
    ...["-flush_packets", "1", "-pes_payload_size", "0", "-f", "mpegts"],
    group ? groupUrl(group) : "pipe:1",
  ];
}

/** Passes the bytes of a source on to its standard output, whatever they are. */
export const fetchArguments = (source: Transport): string[] => [
  ...["-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info", "-fflags", "nobuffer"],
  ...(source.kind === "srt" ? srtOptions(source) : []),
  ...[...may(source.kind, "data"), "-f", "data", "-i", urlOf(source)],
  ...["-map", "0", "-c", "copy", "-flush_packets", "1", "-f", "data", "pipe:1"],
];

const groupUrl = ({ address, port }: Group) =>
  `udp://${address}:${port}?ttl=0&localaddr=127.0.0.1&pkt_size=${datagramBytes}` +
  `&bitrate=${paceBps}&burst_bits=${8 * 10 * datagramBytes}`;

const may = (protocols: string, formats: string) => [
  ...["-protocol_whitelist", protocols, "-format_whitelist", formats],
];
/** Looked at for at most half a second: nothing of it is lost, it only begins later. */
const live = [
  ...["-fflags", "nobuffer", "-probesize", "500000", "-analyzeduration", "500000"],
  ...["-fpsprobesize", "0"],
];
/** Joined in the middle of a GOP: what the picture is stands at the next keyframe only. */
const joined = [
  ...["-fflags", "nobuffer", "-probesize", "5000000", "-analyzeduration", "5000000"],
  ...["-fpsprobesize", "0"],
];
/** 4 MiB hold half a second of 64 Mbit/s, where the kernel allows it. */
const buffered = "fifo_size=50000&overrun_nonfatal=1&buffer_size=4194304";

function inputArguments(read: Read, ingest: string, text: boolean): string[] {
  switch (read.kind) {
    case "flv":
      return [...live, ...may("pipe", "flv"), "-f", "flv", "-i", "pipe:0"];
    case "webrtc":
      return [
        ...live,
        ...may("pipe,rtp,udp", "sdp"),
        ...["-localaddr", "127.0.0.1", "-buffer_size", "4194304", "-f", "sdp", "-i", "pipe:0"],
      ];
    case "nginx-rtmp": {
      const { host, port, app, streamKey } = read;
      return [
        ...live,
        ...["-rtmp_live", "live", "-rtmp_app", app, "-rtmp_playpath", streamKey ?? ""],
        ...may("rtmp,tcp", "flv,live_flv"),
        ...["-i", `rtmp://${bracketed(host)}:${port}/${app}`],
      ];
    }
    case "mpegts": {
      const probe = read.from === "srt" ? live : joined;
      return [...probe, ...may("pipe", "mpegts"), "-f", "mpegts", "-i", "pipe:0"];
    }
    case "srt": {
      const from = [...may("srt", "mpegts"), "-f", "mpegts", "-i", urlOf(read)];
      return [...live, ...srtOptions(read), ...from];
    }
    case "rtsp": {
      const { username, password, transport } = read;
      return [
        ...live,
        ...["-rtsp_transport", transport, "-timeout", "5000000"],
        ...may("rtsp,rtp,udp,tcp", "rtsp,sdp,mpegts"),
        ...["-i", withLogin(addressOf(read), username, password)],
      ];
    }
    case "hls":
      // Segments come at once, and go on at the speed of the programme.
      return [
        ...["-re", "-http_persistent", "0", "-http_multiple", "0"],
        ...may("http,https,httpproxy,tls,tcp,crypto", "hls,mpegts,mov,aac"),
        ...["-f", "hls", "-i", addressOf(read)],
      ];
    case "udp":
      return [...joined, ...may("udp", "mpegts"), "-f", "mpegts", "-i", urlOf(read)];
    case "rtp":
      return [...joined, ...may("rtp,udp", "rtp,mpegts"), "-f", "rtp", "-i", urlOf(read)];
    case "file":
      return [
        ...["-re", "-stream_loop", "-1"],
        ...may("file", "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,flv,mpeg"),
        ...["-i", `file:${read.path}`],
      ];
    case "capture":
      return captureInputs(read);
    case "testPattern": {
      const { width, height, framesPerSecond, label = ingest } = read;
      const tone = "sine=frequency=440:sample_rate=48000";
      return [
        ...["-re", "-f", "lavfi", "-i", pattern({ width, height, framesPerSecond, label }, text)],
        ...["-re", "-f", "lavfi", "-i", tone],
      ];
    }
  }
}

function srtOptions(source: Extract<Transport, { kind: "srt" }>): string[] {
  const { mode, streamId, passphrase, latencyMs } = source;
  return [
    ...["-mode", mode, "-latency", String(latencyMs * 1_000)],
    ...(streamId === undefined ? [] : ["-srt_streamid", streamId]),
    ...(passphrase === undefined ? [] : ["-passphrase", passphrase]),
  ];
}

function urlOf(source: Transport): string {
  if (source.kind === "srt") return `srt://${bracketed(source.host)}:${source.port}`;
  const { kind, url, interface: own } = source;
  const on = own === undefined ? [] : [`localaddr=${own}`];
  const fields = [...(kind === "udp" ? [buffered] : []), ...on];
  return fields.length === 0 ? url : `${url}?${fields.join("&")}`;
}

type Pattern = { width: number; height: number; framesPerSecond: number; label: string };

/** `label` holds no character that means anything inside a filter. */
function pattern({ width, height, framesPerSecond, label }: Pattern, withText: boolean): string {
  const bars = `testsrc2=size=${width}x${height}:rate=${framesPerSecond}`;
  if (!withText) return bars;
  const size = Math.max(12, Math.round(height / 14));
  const text = (what: string, y: string) =>
    `drawtext=font=Mono:fontsize=${size}:fontcolor=white:box=1:boxcolor=black@0.7:boxborderw=4` +
    `:x=(w-text_w)/2:y=${y}:text='${what}'`;
  return [bars, text(label, "h*0.35"), text("%{localtime\\:%T} %{n}", "h*0.55")].join(",");
}

function mapsOf(read: Read): string[] {
  if (read.kind === "testPattern") return ["-map", "0:v:0", "-map", "1:a:0"];
  return read.kind === "capture" ? captureMaps(read) : ["-map", "0:v:0?", "-map", "0:a?"];
}

function codecsOf(read: Read): string[] {
  switch (read.kind) {
    case "testPattern":
      return [
        ...[...pictureEncoding(read), "-threads", "1"],
        ...["-c:a", "aac", "-b:a", "128000", "-ac", "2"],
      ];
    case "capture":
      return [...(isPassedOn(read) ? ["-c:v", "copy"] : pictureEncoding(read)), ...soundEncoding];
    case "webrtc":
      return ["-c", "copy", ...soundEncoding];
    default:
      return ["-c", "copy"];
  }
}

function pictureEncoding(read: { framesPerSecond: number; bitrateBps: number }): string[] {
  const { framesPerSecond, bitrateBps } = read;
  return [
    ...["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"],
    ...["-g", String(Math.max(1, Math.round(2 * framesPerSecond))), "-sc_threshold", "0"],
    ...["-b:v", String(bitrateBps), "-maxrate", String(bitrateBps), "-bufsize", String(bitrateBps)],
  ];
}

/**
 * MPEG-TS carries Opus for few readers only. What was lost on the way is silence; the clock of a
 * sound card is not the one of the picture.
 */
const soundEncoding = [
  ...["-af", "aresample=async=1000", "-c:a", "aac", "-b:a", "128000", "-ac", "2", "-ar", "48000"],
];

const bracketed = (host: string) => (host.includes(":") ? `[${host}]` : host);

function withLogin(url: string, username?: string, password?: string): string {
  if (username === undefined) return url;
  const login = [username, password ?? ""].map(encodeURIComponent).join(":");
  return url.replace("rtsp://", `rtsp://${login}@`);
}
