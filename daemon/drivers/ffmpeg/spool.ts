import { spoolFiles, spoolFileS } from "../../../machines/stream/spool.ts";

/**
 * The output to the relay's spool of this encoder, with the times of the input kept. Cut by the
 * clock, because with kept times the segment muxer's own count would begin at the epoch; one muxer
 * for all files, so that the counters go on from one to the next.
 */
export function spoolArguments(folder: string): string[] {
  const cut = ["-segment_time", String(spoolFileS), "-segment_atclocktime", "1"];
  const turn = ["-segment_wrap", String(spoolFiles.length), "-break_non_keyframes", "1"];
  const once = ["-individual_header_trailer", "0"];
  // Written with each packet, not when 32 KiB are together. Times are below 0 at first where an encoder
  // began in the minute before they go round: each of the two muxers would shift them all.
  const written = "flush_packets=1:mpegts_copyts=1:avoid_negative_ts=disabled";
  const format = ["-segment_format_options", written];
  return [
    ...["-muxdelay", "0", "-muxpreload", "0", "-avoid_negative_ts", "disabled"],
    ...["-f", "segment", "-segment_format", "mpegts"],
    ...[...cut, ...turn, ...once, ...format],
    `file:${folder}/%d.ts`,
  ];
}
