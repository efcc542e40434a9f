/**
 * Who still runs for a demo. Software encoders outlive their daemon on purpose and get a clean
 * environment, so they are known by the lock they hold in the demo's folder; everybody else by
 * the mark in the environment. A shell that merely stands in the folder is nobody's leftover.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const mark = "UNDERSTUDY_DEMO";
const lookEveryMs = 50;

/** From now on every process we start says whose it is. */
export function markChildren(folder: string): void {
  process.env[mark] = folder;
}
export function unmarked(): NodeJS.ProcessEnv {
  const { [mark]: _, ...env } = process.env;
  return env;
}

/** Process ids, our own left out. */
export function holdersOf(folder: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => holds(`/proc/${pid}`, folder))
    .map(Number);
}

function holds(proc: string, folder: string): boolean {
  // A zombie holds nothing and is its parent's to bury.
  if (/^State:\s+Z/m.test(look(() => readFileSync(`${proc}/status`, "utf8"), ""))) return false;
  const environment = look(() => readFileSync(`${proc}/environ`, "utf8"), "");
  if (environment.split("\0").includes(`${mark}=${folder}`)) return true;
  return look(() => readdirSync(`${proc}/fd`), [])
    .map((fd) => look(() => readlinkSync(`${proc}/fd/${fd}`), ""))
    .some((file) => file.startsWith(`${folder}/`) && /\/lock( \(deleted\))?$/.test(file));
}

/** What ends while we look, or belongs to somebody else, is not of this demo. */
function look<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (cause) {
    const { code = "" } = cause as NodeJS.ErrnoException;
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(code)) return otherwise;
    throw cause;
  }
}

/** @returns false when the process had ended already */
export function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
    return false;
  }
}

/**
 * Ends whoever runs for the demo, again and again until nobody does: a daemon that is alive starts
 * what it misses.
 *
 * @returns those that did not end within the time; empty when all is clean
 */
export async function killHolders(folder: string, withinMs = 5_000): Promise<number[]> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const holders = holdersOf(folder);
    if (holders.length === 0 || performance.now() > untilMs) return holders;
    for (const pid of holders) kill(pid, "SIGKILL");
    await pause(lookEveryMs);
  }
}
