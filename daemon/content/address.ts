/**
 * Per scheme, what ffmpeg may open there and what it may take it for. A playlist of a web server
 * may name other places on the web, never a file of this host; which ones, web-guard looks at.
 */
const web = "hls,mpegts,flv,live_flv,mov,aac";
const allowed: Record<string, { protocols: string; formats: string; options: string[] }> = {
  "rtmp:": { protocols: "rtmp,tcp", formats: "flv,live_flv", options: [] },
  "rtmps:": { protocols: "rtmps,tls,tcp", formats: "flv,live_flv", options: [] },
  "rtsp:": { protocols: "rtsp,rtp,tcp,udp", formats: "rtsp", options: ["-rtsp_transport", "tcp"] },
  "srt:": { protocols: "srt", formats: "mpegts", options: [] },
  "udp:": { protocols: "udp", formats: "mpegts", options: [] },
  "http:": { protocols: "http,tcp", formats: web, options: [] },
  "https:": { protocols: "https,httpproxy,tls,tcp", formats: web, options: [] },
};
export const viewSchemes = ["rtmp", "rtmps", "rtsp", "srt", "udp", "http", "https"] as const;

/** So long an address may say nothing, ms. */
export const silenceLimitMs = 10_000;

/** What stands before and with `-i`. Throws `TypeError` on a scheme that is not in the table. */
export function inputArguments(url: string): string[] {
  const address = new URL(url);
  const entry = allowed[address.protocol];
  if (!entry) throw new TypeError("ffmpeg may not open this kind of address");
  if (address.protocol === "udp:") {
    for (const option of ["overrun_nonfatal", "reuse"]) address.searchParams.set(option, "1");
  }
  const timeout = address.protocol === "rtsp:" ? "-timeout" : "-rw_timeout";
  // prettier-ignore
  return [
    "-protocol_whitelist", entry.protocols, "-format_whitelist", entry.formats,
    ...entry.options, timeout, String(silenceLimitMs * 1_000),
    "-probesize", "1000000", "-analyzeduration", "1500000",
    "-i", address.href,
  ];
}
