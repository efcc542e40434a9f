/** Starts the sweeper, which outlives us by as long as it takes to clear up. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { unmarked } from "./leftovers.ts";

export function startSweeper(root: string, folder: string): { end(): Promise<void> } {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", join(root, "test/demo/sweeper.ts"), folder],
    // Out of our group and session, so that what ends us does not end it.
    { cwd: root, detached: true, stdio: ["pipe", "ignore", "inherit"], env: unmarked() },
  );
  const exit = once(child, "exit");
  // Without it the demo still clears up after itself, unless it is killed.
  child.once("error", ({ message }) => process.stderr.write(`demo: no sweeper: ${message}\n`));
  return {
    end: async () => {
      child.stdin.end();
      await exit;
    },
  };
}
