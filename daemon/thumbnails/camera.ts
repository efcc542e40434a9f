import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { mostThumbnailBytes } from "../../machines/content/thumbnail.contract.ts";
import { dueEvery, jpeg, smallOf } from "../content/jpeg.ts";
import { readJpegs } from "./jpegs.ts";

/** Keyframes may be 10 s apart, and a playlist brings them a segment at a time. */
const silentAfterMs = 20_000;
const backOffMs = { first: 1_000, longest: 20_000 };

export type Camera = {
  /** The newest picture, and when it came (monotonic ms). */
  newest(): { jpeg: Buffer; atMs: number } | undefined;
  /** Why there is none. */
  because(): string;
};

export function pictureArguments(p: {
  input: string[];
  everyMs: number;
  widthPx: number;
}): string[] {
  const filters = `${dueEvery(p.everyMs)},${smallOf(p.widthPx)}`;
  return [
    ...["-hide_banner", "-nostdin", "-loglevel", "quiet", "-threads", "1"],
    ...["-skip_frame", "nokey", ...p.input],
    ...["-map", "0:v:0", "-vf", filters, "-fps_mode", "passthrough"],
    ...jpeg,
    ...["-flush_packets", "1", "-f", "mpjpeg", "pipe:1"],
  ];
}

/**
 * One ffmpeg that looks at a place for as long as this process lives, keyframes only. It dies with
 * this process.
 *
 * @param isPatient it yields to everything else on the host: not where what it is too slow for would
 * count as packets that the readers of an ingest have lost
 */
export function openCamera(
  args: readonly string[],
  p: { nowMs: () => number; isPatient: boolean; env: NodeJS.ProcessEnv },
): Camera {
  const { nowMs, isPatient, env } = p;
  let newest: { jpeg: Buffer; atMs: number } | undefined;
  let because = "no picture has come yet";
  let failures = 0;

  function look(): void {
    const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", "ffmpeg", ...args], {
      stdio: ["ignore", "pipe", "ignore"],
      env,
      shell: false,
    });
    let silent: NodeJS.Timeout | undefined;
    let why = "it could not be opened, or it ended";
    function wait(): void {
      clearTimeout(silent);
      silent = setTimeout(() => end("no picture comes"), silentAfterMs);
    }
    function end(reason: string): void {
      why = reason;
      child.kill("SIGKILL");
    }
    if (isPatient) child.on("spawn", () => giveWay(child.pid!));
    child.on("error", () => (why = "ffmpeg or setpriv is not installed"));
    const read = readJpegs(
      mostThumbnailBytes,
      (jpeg) => {
        failures = 0;
        because = "no new picture comes";
        newest = { jpeg, atMs: nowMs() };
        wait();
      },
      end,
    );
    child.stdout.on("data", read);
    wait();
    child.on("close", () => {
      clearTimeout(silent);
      because = why;
      failures += 1;
      const pauseMs = Math.min(backOffMs.longest, backOffMs.first * 2 ** Math.min(failures - 1, 8));
      setTimeout(look, pauseMs);
    });
  }
  look();
  return { newest: () => newest, because: () => because };
}

function giveWay(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    return; // it has ended already
  }
}
