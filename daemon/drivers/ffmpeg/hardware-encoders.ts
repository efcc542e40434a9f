/**
 * Which encoders of the host's hardware work. That ffmpeg lists one proves nothing: each has to encode
 * three small pictures. Once after a start, when nothing is at stake; kept until ffmpeg or the device
 * nodes are others.
 */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import type { DriverContext } from "../driver.ts";

const candidates = ["h264_nvenc", "h264_qsv", "h264_vaapi", "h264_v4l2m2m"] as const;
/** A start has enough to do, and has to learn of its events first. */
const lookEveryMs = 30_000;
/** At the lowest priority a busy host may take many times the 200 ms. */
const trialMs = 30_000;
const Kept = z.object({ mark: z.string(), proven: z.array(z.string()) });

type Host = { program: string; stateDir: string };

/** One at a time on this host, for all its encoders. */
let before: Promise<unknown> = Promise.resolve();

export function watchHardware(
  { stateDir, mayProbe }: Pick<DriverContext, "stateDir" | "mayProbe">,
  program: string,
  everyMs = lookEveryMs,
) {
  const closing = new AbortController();
  let proven: string[] | undefined;
  const timer = setInterval(() => {
    if (mayProbe?.() !== true) return;
    clearInterval(timer);
    before = before
      .then(async () => {
        proven = await provenEncoders({ program, stateDir }, closing.signal);
      })
      // What was not tried is not told.
      .catch(() => undefined);
  }, everyMs);
  return {
    /** undefined: not tried yet. Empty: none works. */
    proven: () => proven,
    close() {
      clearInterval(timer);
      closing.abort();
    },
  };
}

/** @throws where this ffmpeg cannot be run at all, a trial does not end, or `signal` aborts */
export async function provenEncoders(
  { program, stateDir }: Host,
  signal: AbortSignal,
): Promise<string[]> {
  const run = (args: string[]) =>
    // What is on air goes first.
    promisify(execFile)("nice", ["-n", "19", program, "-hide_banner", ...args], {
      ...{ timeout: trialMs, killSignal: "SIGKILL", signal },
    });
  const { stdout } = await run(["-version"]);
  const nodes = deviceNodes();
  const mark = [stdout.split("\n", 1)[0], ...nodes].join(" ");
  const file = join(stateDir, "hardware-encoders.json");
  const kept = keptIn(file);
  if (kept?.mark === mark) return kept.proven;
  const proven: string[] = [];
  for (const name of candidates) {
    const device = nodes.find((node) => node.startsWith("/dev/dri/renderD"));
    const vaapi = name === "h264_vaapi";
    if (vaapi && device === undefined) continue;
    try {
      await run([
        ...["-v", "error", "-nostdin", ...(vaapi ? ["-vaapi_device", device!] : [])],
        ...["-f", "lavfi", "-i", "color=black:s=256x256:r=25:d=0.2", "-frames:v", "3"],
        ...(vaapi ? ["-vf", "format=nv12,hwupload"] : []),
        ...["-c:v", name, "-f", "null", "-"],
      ]);
      proven.push(name);
    } catch (error) {
      // Given up is not refused: that would be kept.
      if (signal.aborted || (error as { killed?: boolean }).killed === true) throw error;
    }
  }
  writeFileSync(file, JSON.stringify({ mark, proven }));
  return proven;
}

export function deviceNodes(): string[] {
  const inFolder = (folder: string, pattern: RegExp) => {
    try {
      return readdirSync(folder).filter((name) => pattern.test(name));
    } catch {
      return [];
    }
  };
  return [
    ...inFolder("/dev/dri", /^renderD/).map((name) => `/dev/dri/${name}`),
    ...inFolder("/dev", /^(nvidia|video)\d+$/).map((name) => `/dev/${name}`),
  ].sort();
}

/** undefined: nothing that could be read. */
function keptIn(file: string) {
  try {
    return Kept.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}
