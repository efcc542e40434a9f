import { rm, stat, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What a launch writes: record, pid, exit and words, a block each, twice while one is replaced. */
const spareBytes = 64 * 1024;

/**
 * Room in one engine's folder that nobody else can use up, so that a takeover needs none on a full
 * disk. Given up when the disk is full, taken back when there is plenty. Never throws: without it
 * a launch on a full disk fails, and nothing else.
 */
export async function keepSpareRoom(folder: string): Promise<void> {
  const file = join(folder, "spare");
  try {
    const { bavail, bsize } = await statfs(folder);
    const has = await stat(file).then(
      ({ size }) => size >= spareBytes,
      () => false,
    );
    if (bavail * bsize < spareBytes) await rm(file, { force: true });
    // Real blocks, not a hole: a hole would take no room and so keep none.
    else if (!has && bavail * bsize > 4 * spareBytes) {
      await writeFile(file, Buffer.alloc(spareBytes, 0x55), { mode: 0o600 });
    }
  } catch {
    return; // tried again with the next record
  }
}
