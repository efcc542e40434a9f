import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/**
 * Waits until nobody holds the lock and says whether it came to that. Node has no flock(2), so
 * this asks util-linux about a descriptor of ours: it needs no second process as it would for a
 * path, and the lock is given back when we close it. A lock that was never made is free.
 * @param withinMs 0 = only try
 */
export async function lockIsFree(
  path: string,
  withinMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const lock = openIfThere(path);
  if (lock === undefined) return true;
  const patience = withinMs === 0 ? ["-n"] : ["-w", (withinMs / 1_000).toFixed(3)];
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn("flock", [...patience, "3"], {
        stdio: ["ignore", "ignore", "ignore", lock],
      });
      const stop = () => child.kill("SIGKILL");
      signal?.addEventListener("abort", stop, { once: true });
      if (signal?.aborted) stop();
      child.once("error", reject);
      child.once("exit", (code, killedBy) => {
        signal?.removeEventListener("abort", stop);
        if (code === 0) resolve(true);
        else if (code === 1 || killedBy === "SIGKILL") resolve(false);
        else reject(new Error(`flock left with ${code ?? killedBy}`));
      });
    });
  } finally {
    closeSync(lock);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
