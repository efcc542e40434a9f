import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import type { ClockKeeper } from "../../machines/site/host-clock.ts";
import { readTracking } from "./chrony.ts";
import { readTimedatectl } from "./timedatectl.ts";

/** What a program prints; undefined where it is not there, fails, or does not end. */
export type Run = (program: string, args: readonly string[]) => Promise<string | undefined>;

/** Touched by systemd-timesyncd (systemd-timesyncd.service(8)) whenever it is synchronised. */
const synchronisedFile = "/run/systemd/timesync/synchronized";

export const runProgram: Run = (program, args) =>
  new Promise((resolve) => {
    const env = { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" };
    const limits = { env, timeout: 3_000, killSignal: "SIGKILL", maxBuffer: 64 * 1024 } as const;
    execFile(program, args, limits, (error, stdout) => resolve(error ? undefined : stdout));
  });

/** Asks those who keep the clock of this host; null: none of them is there, or tells. */
export async function askKeeper(
  run: Run,
  wallMs: () => number,
  touchedAtMs: () => Promise<number | undefined> = whenTouched,
): Promise<ClockKeeper | null> {
  const tracking = await run("chronyc", ["-n", "-c", "tracking"]);
  const chrony = tracking === undefined ? undefined : readTracking(tracking, wallMs());
  if (chrony) return chrony;
  const flags = await run("timedatectl", ["show", "-p", "NTP", "-p", "NTPSynchronized"]);
  if (flags === undefined) return null;
  const name = await run("timedatectl", ["show-timesync", "-p", "ServerName", "--value"]);
  const server = name?.trim() === "" ? undefined : name?.trim();
  const touched = server === undefined ? undefined : await touchedAtMs();
  const ageMs = touched === undefined ? undefined : Math.max(wallMs() - touched, 0);
  return readTimedatectl(flags, { server, ageMs }) ?? null;
}

async function whenTouched(): Promise<number | undefined> {
  try {
    return (await stat(synchronisedFile)).mtimeMs;
  } catch {
    return undefined;
  }
}
