import { spawnSync } from "node:child_process";
import { openSync } from "node:fs";

/** Longer than a killed predecessor needs to be gone. */
const waitS = "1";

/**
 * Nobody else may write into this pipe while we live: the lock belongs to our descriptor, which
 * `flock` only borrows, and is free the moment we are gone, however we end.
 *
 * @returns false when another process has it
 */
export function isSoleWriter(pipe: string): boolean {
  const fd = openSync(`${pipe}.lock`, "a", 0o600);
  const { status, error } = spawnSync("flock", ["-w", waitS, "3"], {
    stdio: ["ignore", "ignore", "ignore", fd],
  });
  if (error) throw error;
  return status === 0;
}
