/**
 * How much of its source an encoder has kept: some seconds of what it gets are put beside what it has
 * made of them. Both have the source's own times, so the same picture has the same time.
 */
import { execFile } from "node:child_process";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Quality } from "../../machines/content/quality.ts";
import { spoolFiles } from "../../machines/stream/spool.ts";
import type { Group } from "../ingest/group.ts";

/** A keyframe of the source, and after it two of the encoder, where they are 2 s apart. */
const seconds = 8;
/** The slowest host decodes in it what was taken. */
const limitMs = 60_000;
/** So many of the encoder's keyframes. */
const pictures = 2;
/** Of what is the same it is infinite. */
const mostDb = 100;
const roomy = "fifo_size=50000&overrun_nonfatal=1&buffer_size=4194304";

/**
 * @param p.group where the source is heard
 * @param p.spool the folder that the encoder fills
 * @param p.folder in memory: the source is kept there for as long as this takes
 * @returns a sentence where it cannot be told
 */
export async function compareWithSource(p: {
  group: Group;
  spool: string;
  folder: string;
  signal: AbortSignal;
}): Promise<Quality | string> {
  const source = join(p.folder, "source.ts");
  try {
    const taken = await ffmpeg(takeArguments(p.group, source), p.signal);
    if (taken === undefined) return "its source cannot be read";
    const quality = await compareFiles(source, await newestOf(p.spool), p.signal);
    return quality ?? `in ${seconds} s there was no picture of both to compare`;
  } finally {
    await rm(source, { force: true });
  }
}

/** @param made one transport stream, in parts */
export async function compareFiles(
  source: string,
  made: readonly string[],
  signal: AbortSignal,
): Promise<Quality | undefined> {
  const said = await ffmpeg(compareArguments(source, made), signal);
  return said === undefined ? undefined : qualityIn(said);
}

/** @returns what it says on stdout; undefined: it did not do it */
async function ffmpeg(argv: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  // It ends with us, and stands back behind all others.
  const patiently = ["--pdeathsig", "KILL", "--", "nice", "-n", "19", "/usr/bin/ffmpeg"];
  const quiet = ["-nostdin", "-hide_banner", "-loglevel", "quiet"];
  const limits = { timeout: limitMs, killSignal: "SIGKILL" as const, signal };
  const run = promisify(execFile)("/usr/bin/setpriv", [...patiently, ...quiet, ...argv], limits);
  return run.then(
    ({ stdout }) => stdout,
    () => undefined,
  );
}

const takeArguments = ({ address, port }: Group, path: string): string[] => [
  ...["-copyts", "-probesize", "500000", "-analyzeduration", "500000", "-t", String(seconds)],
  ...["-protocol_whitelist", "udp", "-f", "mpegts"],
  ...["-i", `udp://${address}:${port}?localaddr=127.0.0.1&reuse=1&timeout=2000000&${roomy}`],
  ...["-map", "0:v:0", "-c", "copy", "-muxdelay", "0", "-muxpreload", "0"],
  ...[
    "-avoid_negative_ts",
    "disabled",
    "-mpegts_copyts",
    "1",
    "-f",
    "mpegts",
    "-y",
    `file:${path}`,
  ],
];

const print = "metadata=mode=print:direct=1:file='pipe\\:1'";

/** The source is made as large as what was made of it: what is told is what encoding has lost. */
function compareArguments(source: string, made: readonly string[]): string[] {
  const filters = [
    "[1:v:0][0:v:0]scale2ref=flags=bicubic[source][made]",
    // Nothing is printed of a picture without metadata.
    `[source]metadata=mode=add:key=source:value=1,${print},split[a][b]`,
    "[made][a]psnr=repeatlast=0[c]",
    `[c][b]ssim=repeatlast=0,metadata=mode=select:key=lavfi.ssim.All,${print}`,
  ];
  return [
    ...["-copyts", "-threads", "1", "-skip_frame", "nokey"],
    ...["-protocol_whitelist", "file,concat", "-f", "mpegts", "-i", `concat:${made.join("|")}`],
    ...["-threads", "1", "-protocol_whitelist", "file", "-f", "mpegts", "-i", `file:${source}`],
    ...["-filter_complex_threads", "1", "-filter_complex", filters.join(";")],
    ...["-frames:v", String(pictures), "-f", "null", "-"],
  ];
}

/** Two whole ones and the one that is written to; the next to be written over is not among them. */
async function newestOf(spool: string): Promise<string[]> {
  const files = await Promise.all(
    spoolFiles.map(async (name) => {
      const path = join(spool, name);
      return { path, atMs: (await stat(path).catch(() => undefined))?.mtimeMs ?? -Infinity };
    }),
  );
  return files
    .filter(({ atMs }) => atMs > -Infinity)
    .sort((a, b) => a.atMs - b.atMs)
    .slice(-3)
    .map(({ path }) => path);
}

/**
 * Of the pictures that are in both: one that is missing in the source was compared with the one
 * before it.
 * @param text what the filters print
 */
function qualityIn(text: string): Quality | undefined {
  const ofSource = new Set<string>();
  const found: { pts: string; psnrDb: number; ssim: number }[] = [];
  let pts = "";
  let psnrDb = NaN;
  for (const line of text.split("\n")) {
    pts = /^frame:\d+ +pts:(-?\d+)/.exec(line)?.[1] ?? pts;
    const [, key, value = ""] =
      /^(source|lavfi\.psnr\.psnr_avg|lavfi\.ssim\.All)=(.+)$/.exec(line) ?? [];
    if (key === "source") ofSource.add(pts);
    if (key === "lavfi.psnr.psnr_avg")
      psnrDb = Math.min(mostDb, value === "inf" ? mostDb : Number(value));
    if (key === "lavfi.ssim.All") found.push({ pts, psnrDb, ssim: Number(value) });
  }
  const same = found.filter((picture) => ofSource.has(picture.pts));
  const mean = (of: "psnrDb" | "ssim") => same.reduce((sum, it) => sum + it[of], 0) / same.length;
  return same.length > 0 ? { ssim: mean("ssim"), psnrDb: mean("psnrDb") } : undefined;
}
