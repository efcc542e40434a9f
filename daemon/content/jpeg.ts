/** The small pictures that people see: one of the decoded ones every so often, as a JPEG. */

/** Of mjpeg, 2 to 31: 320 x 180 are 4 to 8 KiB. */
const quality = 8;

/** A filter. A tenth less: keyframes are not exactly as far apart as they should be. */
export function dueEvery(everyMs: number): string {
  const everyS = (0.9 * everyMs) / 1_000;
  return `select='isnan(prev_selected_t)+gte(t-prev_selected_t\\,${everyS})+lt(t\\,prev_selected_t)'`;
}

/** A filter. */
export const smallOf = (widthPx: number): string =>
  `scale=w=${widthPx}:h='trunc(ow/dar/2)*2':flags=area,setsar=1`;

export const jpeg = [
  ...["-threads", "1", "-c:v", "mjpeg", "-q:v", String(quality), "-pix_fmt", "yuvj420p"],
];
