/** Programmes that really went through an encoder, as the small pictures that are compared. */
import { execFileSync } from "node:child_process";
import { pictureBytes, type Picture } from "../../../machines/content/picture.ts";

/** What ffmpeg draws: a zoom into a fractal, moving bars, growing cells; nothing, and a slide. */
export const programmes = {
  fractal: "mandelbrot=s=320x180:r=15",
  bars: "testsrc2=s=320x180:r=15",
  life: "life=s=320x180:r=15:mold=10:ratio=0.1:death_color=#C83232:life_color=#00ff00:seed=7,gblur=3",
  black: "color=black:s=320x180:r=15",
  slide: "testsrc2=s=320x180:r=15,loop=loop=-1:size=1,setpts=N/15/TB",
} as const;

/**
 * @param kbps bit rate of its encoder
 * @param fromSeconds where in the programme it is caught
 * @param lateMs how much later it is seen than it happened
 * @param keyframesEvery frames (of 15 a second); only keyframes are kept then, else 5 a second
 */
export function pictures(...args: Parameters<typeof made>): Picture[] {
  const name = JSON.stringify(args);
  const before = kept.get(name) ?? made(...args);
  kept.set(name, before);
  return before;
}
const kept = new Map<string, Picture[]>();

function made(
  programme: keyof typeof programmes,
  p: {
    kbps: number;
    fromSeconds?: number;
    seconds: number;
    lateMs?: number;
    keyframesEvery?: number;
  },
): Picture[] {
  const { kbps, fromSeconds = 0, seconds, lateMs = 0, keyframesEvery } = p;
  const gop = keyframesEvery ?? 37;
  // prettier-ignore
  const stream = execFileSync("ffmpeg", [
    "-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", programmes[programme],
    "-ss", String(fromSeconds), "-t", String(seconds), "-pix_fmt", "yuv420p",
    "-c:v", "libx264", "-preset", "ultrafast", "-g", String(gop), "-sc_threshold", "0",
    "-b:v", `${kbps}k`, "-maxrate", `${kbps}k`, "-bufsize", `${kbps}k`, "-f", "mpegts", "pipe:1",
  ], { maxBuffer: 64 * 1024 * 1024 });
  const only = keyframesEvery === undefined ? [] : ["-skip_frame", "nokey"];
  const rate = keyframesEvery === undefined ? "fps=5," : "";
  // prettier-ignore
  const raw = execFileSync("ffmpeg", [
    "-hide_banner", "-loglevel", "error", ...only, "-i", "pipe:0",
    "-vf", `${rate}scale=32:18:flags=area,format=gray`,
    "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1",
  ], { input: stream, maxBuffer: 64 * 1024 * 1024 });
  const stepMs = keyframesEvery === undefined ? 200 : (keyframesEvery * 1_000) / 15;
  return Array.from({ length: raw.length / pictureBytes }, (_, i) => ({
    atMs: fromSeconds * 1_000 + i * stepMs + lateMs,
    luma: Uint8Array.from(raw.subarray(i * pictureBytes, (i + 1) * pictureBytes)),
  }));
}
