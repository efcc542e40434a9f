/**
 * Clears up after a demo, also after one that was killed with -9: software encoders outlive their
 * daemon by design, so somebody has to end them. The demo holds the other end of our stdin; when
 * the kernel closes it the demo is gone, whatever the reason.
 *
 *   node --import tsx test/demo/sweeper.ts FOLDER
 *
 * Exit code 0: nothing runs any more and the folder is gone. 1: says on stderr who is left.
 */
import { rmSync } from "node:fs";
import { basename } from "node:path";
import { killHolders } from "./leftovers.ts";
import { folderPrefix } from "./folder.ts";

const folder = process.argv[2] ?? "";
if (!basename(folder).startsWith(folderPrefix)) {
  process.stderr.write(`sweeper: ${folder || "nothing"} is not the folder of a demo\n`);
  process.exit(2);
}
// Ctrl-C and a closed terminal are for the demo; we end after it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
process.stdin.resume();
process.stdin.once("end", () => void sweep());
process.stdin.once("error", () => void sweep());

async function sweep(): Promise<void> {
  const left = await killHolders(folder);
  rmSync(folder, { recursive: true, force: true });
  if (left.length > 0) process.stderr.write(`demo: still running: ${left.join(", ")}\n`);
  process.exit(left.length === 0 ? 0 : 1);
}
