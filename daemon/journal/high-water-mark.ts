import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/**
 * A few bytes beside the database that say how far it had come: `<epoch> <seq>`. Written after
 * each commit and never synced, so it can be behind the database (harmless) but not ahead of it.
 * If it is ahead at opening, somebody put an older database, or one without its log, in place.
 */
export type HighWaterMark = {
  /** As found; undefined when there is none or it is not readable. */
  found: { epoch: string; seq: number } | undefined;
  write(epoch: string, seq: number): void;
  close(): void;
};

const lengthBytes = 64;

export function openHighWaterMark(file: string): HighWaterMark {
  const [, epoch, seq] = /^(\S{1,40}) (\d{1,16})\s*$/.exec(readIfThere(file)) ?? [];
  const found = epoch !== undefined && seq !== undefined ? { epoch, seq: Number(seq) } : undefined;
  let fd: number | undefined;
  const buffer = Buffer.alloc(lengthBytes);
  return {
    found,
    write(nowEpoch, nowSeq) {
      buffer.fill(" ");
      buffer.write(`${nowEpoch} ${nowSeq}`);
      buffer.write("\n", lengthBytes - 1);
      try {
        fd ??= openSync(file, "w+", 0o600);
        writeSync(fd, buffer, 0, lengthBytes, 0);
      } catch {
        // The database itself is on disk; a mark that lags only makes one check weaker.
        return;
      }
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // the first run, or not readable: then there is nothing to compare with
  }
}
