import {
  areOver,
  processesWithOpen,
  signalGroupOf,
  statusOf,
  type ProcessId,
} from "./processes.ts";
import { smallShell } from "./small-shell.ts";

/**
 * Ends a process with its group. A healthy one may say goodbye to the far end first; one that is
 * stopped, or that stands still (`hurry`), will not, and waiting for it costs off-air time.
 * @returns whether it is over and the lock is free; false only when `signal` aborted
 */
export async function endProcess(
  process: ProcessId | undefined,
  lock: string,
  { hurry, graceMs }: { hurry: boolean; graceMs: number },
  signal: AbortSignal,
): Promise<boolean> {
  if (process) {
    const stopped = /^[Tt]$/.test(statusOf(process)?.state ?? "");
    if (!hurry && !stopped && graceMs > 0) {
      signalGroupOf(process, "SIGINT");
      if (await smallShell.lockIsFree(lock, graceMs * 0.7, signal)) {
        return areOver([process], signal);
      }
      // A second signal makes ffmpeg give up a write that blocks, and ends gst-launch at once.
      signalGroupOf(process, "SIGTERM");
      if (await smallShell.lockIsFree(lock, graceMs * 0.3, signal)) {
        return areOver([process], signal);
      }
    }
    // Works on a stopped process too, so SIGCONT is not needed.
    signalGroupOf(process, "SIGKILL");
  }
  return freeLock(lock, process ? [process] : [], signal);
}

/**
 * Whoever holds the lock, known or not, is killed with its group until the lock is free. Who only
 * waits for it, on our own behalf, is not.
 * @param known processes that end already
 * @returns whether it is, and all of them are over; false only when `signal` aborted
 */
export async function freeLock(
  lock: string,
  known: readonly ProcessId[],
  signal: AbortSignal,
): Promise<boolean> {
  const ending = [...known];
  for (
    let patienceMs = 150;
    !(await smallShell.lockIsFree(lock, patienceMs, signal));
    patienceMs = 500
  ) {
    if (signal.aborted) return false;
    for (const holder of await processesWithOpen(lock)) {
      if (smallShell.leads(statusOf(holder)?.group)) continue;
      ending.push(holder);
      signalGroupOf(holder, "SIGKILL");
    }
  }
  return areOver(ending, signal);
}
