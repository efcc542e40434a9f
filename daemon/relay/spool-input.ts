import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { spoolFiles } from "../../machines/stream/spool.ts";
import { packetBytes } from "./ts/packets.ts";

/** How often it is looked for more, ms. */
export const pollMs = 20;
const buffer = Buffer.allocUnsafeSlow(350 * packetBytes);

type OpenFile = { index: number; fd: number; inode: number; at: number };

/** Reads what an encoder writes into its files in turn, whoever the encoder's process is. */
export class SpoolInput {
  readonly #paths: string[];
  readonly #onBytes: (bytes: Buffer, agoMs: number) => void;
  /** When each file was changed last, as far as it has been read or need not be. */
  readonly #done: (number | undefined)[];
  #open: OpenFile | undefined;
  #polledMs: number | undefined;
  /** As they were seen last. Kept: V8 forgets how to work fast with what nobody holds. */
  #files: (Stats | undefined)[];

  /**
   * @param p.sinceMs wall time from which on everything is wanted; undefined: what comes from now on
   * @param p.onBytes whole packets, valid during the call, and how long ago they came, ms
   */
  constructor(p: {
    folder: string;
    sinceMs: number | undefined;
    onBytes: (bytes: Buffer, agoMs: number) => void;
  }) {
    this.#paths = spoolFiles.map((name) => join(p.folder, name));
    this.#onBytes = p.onBytes;
    const { sinceMs = Infinity } = p;
    const files = (this.#files = this.#look());
    this.#done = files.map((file) => (file && file.mtimeMs < sinceMs ? file.mtimeMs : undefined));
    const times = files.map((file) => file?.mtimeMs ?? -Infinity);
    const newest = times.indexOf(Math.max(...times));
    if (p.sinceMs === undefined && files[newest]) this.#enter(newest, files[newest].size);
  }

  /** Reads all that is there. @param nowMs on a clock that does not jump */
  poll(nowMs: number): void {
    const mostAgoMs = nowMs - (this.#polledMs ?? -Infinity);
    this.#polledMs = nowMs;
    if (this.#open && this.#grew(this.#open)) {
      // It is still being written to: nothing can be in another yet, or not for long.
      this.#read(this.#open, this.#files[this.#open.index], false, mostAgoMs);
      return;
    }
    for (;;) {
      this.#files = this.#look();
      // Looked for before reading: the writer is done with a file when it is in another.
      const next = this.#changed(this.#files);
      const open = this.#open;
      if (open) this.#read(open, this.#files[open.index], next !== undefined, mostAgoMs);
      if (next === undefined) return;
      if (open) this.#leave(open);
      this.#enter(next);
    }
  }

  /** @returns whether it has a packet more than was read */
  #grew({ index, inode, at }: OpenFile): boolean {
    const file = lookAt(this.#paths[index]!);
    this.#files[index] = file;
    return file?.ino === inode && file.size - at >= packetBytes;
  }

  close(): void {
    if (this.#open) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #look(): (Stats | undefined)[] {
    return this.#paths.map(lookAt);
  }

  /**
   * The file that was written to first, of those that were since. Times are not compared with those
   * of ours: the wall clock may jump.
   */
  #changed(files: (Stats | undefined)[]): number | undefined {
    const from = this.#open?.index ?? -1;
    const turn = (index: number) => (index - from + files.length) % files.length;
    const [first] = [...files.entries()]
      .filter(([index, file]) => index !== from && file && file.mtimeMs !== this.#done[index])
      .sort(([a, one], [b, other]) => one!.mtimeMs - other!.mtimeMs || turn(a) - turn(b));
    return first?.[0];
  }

  #read(open: OpenFile, file: Stats | undefined, toItsEnd: boolean, mostAgoMs: number): void {
    if (file && (file.ino !== open.inode || file.size < open.at)) {
      // Begun anew by another process of the encoder.
      closeSync(open.fd);
      Object.assign(open, this.#opened(open.index));
    }
    if (!toItsEnd && file && file.size - open.at < packetBytes) return;
    const agoMs = Math.min(mostAgoMs, Math.max(0, Date.now() - (file?.mtimeMs ?? Infinity)));
    let taken: number;
    do {
      taken = readSync(open.fd, buffer, 0, buffer.length, open.at);
      const whole = taken - (taken % packetBytes);
      if (whole > 0) this.#onBytes(buffer.subarray(0, whole), agoMs);
      open.at += whole;
    } while (taken === buffer.length);
  }

  #opened(index: number, at = 0): OpenFile {
    const fd = openSync(this.#paths[index]!, "r");
    return { index, fd, inode: fstatSync(fd).ino, at: at - (at % packetBytes) };
  }

  #enter(index: number, at?: number): void {
    this.#open = this.#opened(index, at);
  }

  #leave({ index, fd }: OpenFile): void {
    this.#done[index] = fstatSync(fd).mtimeMs;
    closeSync(fd);
    this.#open = undefined;
  }
}

const lookAt = (path: string) => statSync(path, { throwIfNoEntry: false });
