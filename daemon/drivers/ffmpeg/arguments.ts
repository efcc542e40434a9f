/**
 * ffmpeg's arguments from typed fields. Nothing of a user ever stands where an option could
 * begin, every input may open only the protocols and containers of its kind (a playlist served
 * as `clip.mp4` made ffmpeg 5.1 fetch an internal address), and the stream key stands in an
 * option of its own instead of the URL, because ffmpeg quotes URLs in its error messages.
 */
import type { PictureEncoder } from "../../../machines/encoder/picture-encoder.ts";
import { publisherMark } from "../../../machines/publisher-mark.ts";
import { DriverError, type SrtAccess } from "../driver.ts";
import type { Endpoint } from "../../../machines/endpoint.ts";
import { groupOf } from "../shared/engine/ingest-input.ts";
import { rtmpPlace } from "../shared/engine/input-access.ts";
import { checkedEndpoint, type Publication } from "../shared/engine/publication.ts";
import type { FfmpegInput, FfmpegOptions } from "./options.ts";
import { deviceArguments, pictureArguments } from "./picture.ts";
import { spoolArguments } from "./spool.ts";

/** Seconds between two progress blocks. 100 streams at this rate cost 1 to 2 % of a core. */
export const statsPeriodS = 0.1;

/**
 * @param by what makes the picture, where it is not only passed on
 * @throws DriverError `notPossible` when this output cannot be built; never quotes the key
 */
export function ffmpegArguments(
  options: FfmpegOptions,
  publication: Publication,
  by: PictureEncoder = "libx264",
): string[] {
  const to = checkedEndpoint(publication);
  const { progressPort } = publication;
  return [
    ...["-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+error"],
    ...["-progress", `udp://127.0.0.1:${progressPort}`, "-stats_period", String(statsPeriodS)],
    // The relay needs the source's own times: by them it knows which pictures are the same.
    ...(to.scheme === "spool" ? ["-copyts", ...keptFilters(options)] : []),
    ...deviceArguments(by),
    ...inputArguments(options, publication),
    ...["-map", "0:v:0", ...pictureArguments(options, by, to, publication.settings)],
    ...audioArguments(options, to),
    ...outputArguments(to, publication),
  ];
}

/**
 * When its source changes size, ffmpeg begins its filters anew: their first picture would get no time of
 * its own. Not where all they do is to make one size, which they do from any.
 */
const keptFilters = ({ video: { codec, width, height } }: FfmpegOptions): string[] =>
  codec !== "copy" && width !== undefined && height !== undefined ? ["-reinit_filter:v", "0"] : [];

/** A keyframe comes at once: 4 MiB hold half a second of 64 Mbit/s, where the kernel allows it. */
const buffered = "fifo_size=50000&overrun_nonfatal=1&reuse=1&buffer_size=4194304";

function inputArguments(
  { input, audio }: FfmpegOptions,
  { encoder, destination }: Publication,
): string[] {
  if (input.kind === "testPattern") {
    const sine = ["-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"];
    const bars = ["-re", "-f", "lavfi", "-i", testPattern(input, encoder)];
    return audio.codec === "none" ? bars : [...bars, ...sine];
  }
  const may = (protocols: string, formats: string) => [
    "-protocol_whitelist",
    protocols,
    "-format_whitelist",
    formats,
  ];
  // Default probing makes a cold backup wait 5.4 s for its first packet, this 0.4 to 1.9 s.
  const live = ["-fflags", "nobuffer", "-probesize", "500000", "-analyzeduration", "500000"];
  switch (input.kind) {
    case "file":
      return [
        ...(input.realtime ? ["-re"] : []),
        ...(input.loop ? ["-stream_loop", "-1"] : []),
        ...may("file", "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,flv,mpeg"),
        ...["-i", `file:${input.path}`],
      ];
    case "rtmp":
      return [
        ...live,
        ...(input.streamKey === undefined
          ? []
          : [
              "-rtmp_app",
              rtmpPlace(input.url, input.streamKey).app,
              "-rtmp_playpath",
              input.streamKey,
            ]),
        ...may("rtmp,tcp", "flv,live_flv"),
        ...["-i", withLogin(input, input.url)],
      ];
    case "srt":
      return [
        ...[...live, "-latency", String(input.latencyMs * 1_000)],
        ...(input.streamId === undefined ? [] : ["-srt_streamid", input.streamId]),
        ...(input.passphrase === undefined ? [] : ["-passphrase", input.passphrase]),
        ...may("srt", "mpegts"),
        ...["-f", "mpegts", "-i", input.url],
      ];
    case "udp":
      return [
        ...live,
        ...may("udp", "mpegts"),
        ...["-f", "mpegts", "-i", `${input.url}?${buffered}`],
      ];
    case "ingest": {
      const { address, port } = groupOf(input, destination);
      return [
        ...live,
        ...may("udp", "mpegts"),
        ...["-f", "mpegts", "-i", `udp://${address}:${port}?localaddr=127.0.0.1&${buffered}`],
      ];
    }
  }
}

type Login = { username?: string | undefined; password?: string | undefined };

/** What it quotes of it, the launcher hides. */
function withLogin({ username, password = "" }: Login, url: string): string {
  if (username === undefined) return url;
  const [plain, login] = [[username, password], [username, password].map(encodeURIComponent)] //
    .map((parts) => parts.join(":"));
  // ffmpeg takes the login of an RTMP address as it stands.
  if (url.startsWith("rtmp:") && plain !== login) {
    throw new DriverError("notPossible", "the login of the input is not plain letters and digits");
  }
  return url.replace("://", `://${login}@`);
}

/** `label` and the encoder's id hold no character that means anything inside a filter. */
function testPattern(input: FfmpegInput & { kind: "testPattern" }, encoder: string): string {
  const { width, height, framesPerSecond, label = encoder } = input;
  const size = Math.max(12, Math.round(height / 14));
  const text = (what: string, y: string) =>
    `drawtext=font=Mono:fontsize=${size}:fontcolor=white:box=1:boxcolor=black@0.7:boxborderw=4` +
    `:x=(w-text_w)/2:y=${y}:text='${what}'`;
  return [
    `testsrc2=size=${width}x${height}:rate=${framesPerSecond}`,
    text(label, "h*0.35"),
    text("%{localtime\\:%T} %{n}", "h*0.55"),
  ].join(",");
}

function audioArguments({ audio, input }: FfmpegOptions, { scheme }: Endpoint): string[] {
  if (audio.codec === "none") return ["-an"];
  // RTMP carries one, and ffmpeg ends where it is given more.
  const length = scheme.startsWith("rtmp") ? 1 : audio.tracks;
  const tracks = Array.from({ length }, (_, n) => ["-map", `0:a:${n}?`]);
  const map = input.kind === "testPattern" ? ["-map", "1:a:0"] : tracks.flat();
  if (audio.codec === "copy" && input.kind !== "testPattern") return [...map, "-c:a", "copy"];
  const { bitrateBps, sampleRateHz, channels } = audio;
  const isRelayed = scheme === "spool";
  const filters = [
    ...(channels === "keep" ? [`aformat=channel_layouts=${layouts}`] : []),
    ...(isRelayed ? onSourceGrid(sampleRateHz) : []),
  ];
  return [
    ...map,
    ...["-c:a", "aac", "-b:a", String(bitrateBps), "-ar", String(sampleRateHz)],
    ...(channels === "keep" ? [] : ["-ac", String(channels)]),
    ...(filters.length > 0 ? ["-af", filters.join(",")] : []),
    ...(isRelayed ? ["-bsf:a", untimed] : []),
  ];
}

/** Samples of a frame of AAC. */
const aacSamples = 1_024;

/**
 * Frames of the sound begin where the source's clock says so, for all encoders alike: else one that
 * takes over goes on up to half a frame from where the other ended, which is heard. All before the
 * first such place is cut off: for that the first samples get a time just before it. They keep
 * that, so what is encoded of them, and what an encoder begins with, is thrown away.
 */
export const onSourceGrid = (sampleRateHz: number) => [
  ...[`aresample=${sampleRateHz}`, `asetnsamples=n=${aacSamples}:p=0`],
  `asetpts='if(N,PTS+${afterAll},mod(PTS+${afterAll},${aacSamples}))'`,
  ...[`atrim=start_pts=${aacSamples}`, `asetpts=PTS-${afterAll}`],
];
/** Times are below 0 where an encoder began in the minute before they go round: nothing may be cut there. */
const afterAll = 2 ** 40;
export const untimed = "noise=drop=lt(n\\,4)";

/** Those that a header of AAC can tell (ISO 14496-3, table 1.19); others become the nearest one. */
const layouts = "mono|stereo|3.0|4.0|5.0|5.1|7.1(wide)";

/** Debian's bundle of certificate authorities. */
export const certificateAuthorities = "/etc/ssl/certs/ca-certificates.crt";

/**
 * @param to checked by `checkedEndpoint`
 * @param packets `data`: what it is given is a transport stream already, and goes out as it is
 */
export function outputArguments(
  to: Endpoint,
  { encoder, streamKey, srt, keyGeneration }: Publication,
  packets: "mpegts" | "data" = "mpegts",
): string[] {
  const { scheme, app } = to;
  if (scheme === "spool") return ["-protocol_whitelist", "file", ...spoolArguments(app)];
  if (scheme === "srt") {
    return [
      ...(streamKey === "" ? [] : ["-srt_streamid", streamKey]),
      ...(srt ? srtArguments(srt) : []),
      ...["-protocol_whitelist", "srt"],
      ...(packets === "data" ? ["-flush_packets", "0"] : []),
      ...["-f", packets, outputUrl(to)],
    ];
  }
  const mark = publisherMark.format(encoder, keyGeneration);
  return [
    ...["-rtmp_app", app, "-rtmp_playpath", streamKey],
    ...["-rtmp_flashver", `FMLE/3.0 (compatible; ${mark})`],
    ...(scheme === "rtmps" ? ["-tls_verify", "1", "-ca_file", certificateAuthorities] : []),
    ...["-protocol_whitelist", scheme === "rtmps" ? "rtmps,tls,tcp" : "rtmp,tcp"],
    ...["-f", "flv", "-flvflags", "no_duration_filesize", outputUrl(to)],
  ];
}

/** All that SRT is told beside the address and the stream id. */
export const srtArguments = ({ mode, passphrase, latencyMs }: SrtAccess): string[] => [
  ...["-mode", mode, "-latency", String(latencyMs * 1_000)],
  ...(passphrase === undefined ? [] : ["-passphrase", passphrase]),
];

/** As ffmpeg names it where it cannot be opened. */
export const outputUrl = ({ scheme, host, port, app }: Endpoint): string =>
  `${scheme}://${host}:${port}${scheme === "srt" ? "" : `/${app}`}`;
