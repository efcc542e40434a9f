import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of this size, of its own. */
export function aSmallDisk(sizeMiB: number) {
  // Not skipped: what was not looked at must not look as if it held.
  if (process.getuid?.() !== 0) throw new Error("needs root: only root may mount a small disk");
  const folder = mkdtempSync(join(tmpdir(), "understudy-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMiB}m`, "understudy-test", folder]);
  const filler = join(folder, "filler");
  let fd: number | undefined;
  return {
    folder,
    /** To the last byte; answers how many went in. */
    fill(): number {
      fd ??= openSync(filler, "a");
      let bytes = 0;
      for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 2)) {
        const block = Buffer.alloc(size, 0x42);
        try {
          for (;;) bytes += writeSync(fd, block);
        } catch (cause) {
          if ((cause as NodeJS.ErrnoException).code !== "ENOSPC") throw cause;
        }
      }
      return bytes;
    },
    empty(): void {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
      rmSync(filler, { force: true });
    },
    async close() {
      await Promise.resolve();
      execFileSync("umount", ["-l", folder]);
      rmSync(folder, { recursive: true });
    },
  };
}
