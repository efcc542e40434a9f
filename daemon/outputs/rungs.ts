/** The sizes in which a picture goes out besides its own, and ffmpeg as it makes them. */

export const rungNames = ["1080p", "720p", "480p", "360p", "240p"] as const;
export type RungName = (typeof rungNames)[number];
export type Rung = { heightPx: number; bitrateBps: number };

export const rungs: Readonly<Record<RungName, Rung>> = {
  "1080p": { heightPx: 1_080, bitrateBps: 4_500_000 },
  "720p": { heightPx: 720, bitrateBps: 2_500_000 },
  "480p": { heightPx: 480, bitrateBps: 1_200_000 },
  "360p": { heightPx: 360, bitrateBps: 700_000 },
  "240p": { heightPx: 240, bitrateBps: 350_000 },
};

/** One picture comes in as MPEG-TS at pipe:0; each size goes out at a pipe of its own, 3 and on. */
export function rungArguments(names: readonly RungName[]): string[] {
  return [
    ...["-hide_banner", "-nostats", "-loglevel", "error", "-copyts"],
    ...["-probesize", "1000000", "-analyzeduration", "500000"],
    ...["-protocol_whitelist", "pipe", "-f", "mpegts", "-i", "pipe:0"],
    ...names.flatMap((name, n) => {
      const { heightPx, bitrateBps } = rungs[name];
      return [
        // In the range of the source: a `-pix_fmt` makes limited range of full.
        ...["-map", "0:v:0", "-vf", `scale=-2:${heightPx},format=yuv420p|yuvj420p`],
        ...["-fps_mode", "passthrough"],
        // Keyframes where the source has them, and nowhere else.
        ...["-force_key_frames", "source", "-g", "100000", "-sc_threshold", "0", "-bf", "0"],
        ...["-c:v", "libx264", "-preset", "veryfast", "-rc-lookahead", "15"],
        ...["-b:v", String(bitrateBps), "-maxrate", String(1.1 * bitrateBps)],
        ...["-bufsize", String(2 * bitrateBps), "-muxdelay", "0", "-muxpreload", "0"],
        ...["-mpegts_copyts", "1", "-flush_packets", "1", "-f", "mpegts", `pipe:${3 + n}`],
      ];
    }),
  ];
}
