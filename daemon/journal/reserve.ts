import { open, rename, rm, stat, statfs } from "node:fs/promises";
import { rmSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Room kept for the worst hour: a file that is given up when the disk is full, so that the
 * decisions of that hour are still written.
 */
export type Reserve = {
  readonly ready: boolean;
  /** Gives the room back to the file system. False when there was none. */
  free(): boolean;
  /** Makes the file again if there is room for it and as much besides. Never throws. */
  restore(): Promise<boolean>;
};

const blockBytes = 1024 * 1024;

export function openReserve(file: string, sizeBytes: number): Reserve {
  let ready = false;
  let working: Promise<boolean> | undefined;
  /** Counts `free` calls: room that is given up while it is being made must stay given up. */
  let freed = 0;
  try {
    ready = statSync(file).size >= sizeBytes;
  } catch {
    ready = false; // the first start, or it was given up before the last stop
  }

  async function make(): Promise<boolean> {
    const asOf = freed;
    const half = `${file}.new`;
    try {
      const { bavail, bsize } = await statfs(dirname(file));
      if (bavail * bsize < 2 * sizeBytes) return false;
      const handle = await open(half, "w", 0o600);
      try {
        // Real blocks, not a hole: a hole would take no room and so keep none.
        const block = Buffer.alloc(Math.min(blockBytes, sizeBytes), 0x55);
        for (let at = 0; at < sizeBytes && asOf === freed; at += block.length) {
          await handle.write(block, 0, Math.min(block.length, sizeBytes - at), at);
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
      if (asOf === freed) {
        await rename(half, file);
        ready = (await stat(file)).size >= sizeBytes && asOf === freed;
      }
      if (asOf !== freed) await Promise.all([rm(half, { force: true }), rm(file, { force: true })]);
      return ready;
    } catch {
      await rm(half, { force: true }).catch(() => undefined); // tried again with the next retention
      return false;
    }
  }

  return {
    get ready() {
      return ready || sizeBytes === 0;
    },
    free() {
      freed += 1;
      const had = ready;
      ready = false;
      if (sizeBytes > 0) rmSync(file, { force: true });
      return had;
    },
    restore() {
      if (ready || sizeBytes === 0) return Promise.resolve(true);
      working ??= make().finally(() => (working = undefined));
      return working;
    },
  };
}
