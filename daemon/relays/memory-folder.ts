import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";

/**
 * A folder of ours in memory, the same after each start: what is written with every picture must
 * not wait for a disk. Made where it is missing.
 *
 * @param folder what stands in it, should there be no such place
 */
export function memoryFolder(folder: string, env: NodeJS.ProcessEnv): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // The unit keeps it while the daemon is away; who sends into it must find it there.
  const ofUnit = env["RUNTIME_DIRECTORY"]?.split(":")[0];
  if (ofUnit !== undefined) return made(join(ofUnit, "relays"));
  const uid = process.getuid?.() ?? 0;
  const hash = createHash("sha256").update(realpathSync(folder)).digest("hex").slice(0, 16);
  const shared = `/dev/shm/understudy-${uid}-${hash}`;
  try {
    made(shared);
    const found = lstatSync(shared);
    // The name can be guessed: what somebody else has made there is not ours.
    if (found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0) return shared;
  } catch {
    // There is no such place, or it is somebody else's.
  }
  return folder;
}

function made(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}
