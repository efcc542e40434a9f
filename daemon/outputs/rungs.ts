import { type RungName, rungs } from "../../config/rungs.ts";

/**
 * One picture comes in as MPEG-TS at pipe:0; each size goes out at a pipe of its own, 3 and on.
 * @param areSlides each picture that it holds back costs a second or two: it holds none
 */
export function rungArguments(names: readonly RungName[], areSlides: boolean): string[] {
  return [
    ...["-hide_banner", "-nostats", "-loglevel", "error", "-copyts"],
    ...["-probesize", "1000000", "-analyzeduration", "500000"],
    ...(areSlides ? ["-threads:v", "1"] : []),
    ...["-protocol_whitelist", "pipe", "-f", "mpegts", "-i", "pipe:0"],
    ...names.flatMap((name, n) => {
      const { heightPx, bitrateBps } = rungs[name];
      return [
        // In the range of the source: a `-pix_fmt` makes limited range of full.
        ...["-map", "0:v:0", "-vf", `scale=-2:${heightPx},format=yuv420p|yuvj420p`],
        ...["-fps_mode", "passthrough"],
        // Keyframes where the source has them, and nowhere else.
        ...["-force_key_frames", "source", "-g", "100000", "-sc_threshold", "0", "-bf", "0"],
        ...["-c:v", "libx264", "-preset", "veryfast"],
        ...(areSlides ? ["-tune", "zerolatency"] : ["-rc-lookahead", "15"]),
        ...["-b:v", String(bitrateBps), "-maxrate", String(1.1 * bitrateBps)],
        ...["-bufsize", String(2 * bitrateBps), "-muxdelay", "0", "-muxpreload", "0"],
        ...["-mpegts_copyts", "1", "-flush_packets", "1", "-f", "mpegts", `pipe:${3 + n}`],
      ];
    }),
  ];
}
