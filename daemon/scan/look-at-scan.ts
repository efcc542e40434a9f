/**
 * Whether pictures are combed, whatever their flags say: by ffmpeg's `idet` over some seconds of
 * them, in a process of its own that stands back behind all others.
 */
import { spawn } from "node:child_process";
import type { Scan } from "../../machines/content/scan.ts";

/** 6 s at 25 a second: as much CPU as decoding them takes. */
const pictures = 150;
/** By fewer that it is sure of nothing is said. */
const leastPictures = 25;
/** By its own 1.04 it took the edges of a test pattern for combs in two of three pictures; by 1.25 in none. */
const idet = "idet=intl_thres=1.25";
/** What is interlaced begins with the same lines nearly always; what only looks so with either. */
const sure = 4;
const limitMs = 30_000;
const verdict =
  /Multi frame detection: TFF: *(\d+) BFF: *(\d+) Progressive: *(\d+) Undetermined: *\d+/;

/**
 * @param input ffmpeg's arguments for it
 * @param bytes what is read, where that is `pipe:0`
 * @returns undefined where it cannot tell: nothing came, or nothing moved
 */
export function lookAtScan(
  input: readonly string[],
  { bytes, signal }: { bytes?: Buffer; signal?: AbortSignal } = {},
): Promise<Scan | undefined> {
  const argv = [
    // It ends with us, also when we are killed.
    ...["--pdeathsig", "KILL", "--", "nice", "-n", "19", "/usr/bin/ffmpeg", "-nostdin"],
    ...["-hide_banner", "-nostats", "-loglevel", "info", "-threads", "1", ...input],
    ...["-map", "0:v:0", "-vf", idet, "-frames:v", String(pictures), "-f", "null", "-"],
  ];
  const child = spawn("/usr/bin/setpriv", argv, {
    stdio: [bytes ? "pipe" : "ignore", "ignore", "pipe"],
    ...{ timeout: limitMs, killSignal: "SIGKILL", ...(signal && { signal }) },
  });
  let words = "";
  child.stderr!.setEncoding("latin1").on("data", (text: string) => {
    words = (words + text).slice(-2_000);
  });
  // One that has seen enough takes no more.
  child.stdin?.on("error", () => undefined).end(bytes);
  return new Promise((resolve) => {
    child.once("error", () => resolve(undefined));
    child.once("close", () => resolve(scanIn(words)));
  });
}

export function scanIn(words: string): Scan | undefined {
  const [top, bottom, whole] = (verdict.exec(words)?.slice(1) ?? []).map(Number);
  const [most, least] = [Math.max(top!, bottom!), Math.min(top!, bottom!)];
  if (!(most + whole! >= leastPictures)) return undefined;
  if (whole! >= most) return "progressive";
  return most >= sure * least ? "interlaced" : undefined;
}
