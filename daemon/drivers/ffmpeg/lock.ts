import { spawn } from "node:child_process";

/**
 * Waits until nobody holds the lock and says whether it came to that. Node has no flock(2), so
 * this asks util-linux, which gives the lock back at once.
 * @param withinMs 0 = only try
 */
export function lockIsFree(path: string, withinMs: number, signal?: AbortSignal): Promise<boolean> {
  const patience = withinMs === 0 ? ["-n"] : ["-w", (withinMs / 1_000).toFixed(3)];
  return new Promise((resolve, reject) => {
    const child = spawn("flock", [...patience, path, "true"], { stdio: "ignore" });
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
}
