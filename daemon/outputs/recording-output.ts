import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { isMountedAt, parseMounts } from "../drivers/host-disk/mounts.ts";
import type { Frame, Ticks } from "../relay/frame.ts";
import { type Container, formOf, type SegmentForm } from "./segment-form.ts";
import { partEnding } from "./segment-files.ts";
import type { Cut, SegmentSink } from "./segmenter.ts";

export type RecordingFields = {
  folder: string;
  /** Something must be mounted exactly at the folder. */
  isMountPoint: boolean;
  /** What its files are called after. */
  name: string;
  container: Container;
  keepMs: number;
  /** Of all whole files together. */
  keepAtMostBytes?: number | undefined;
  /** Of the disk, 0..1: below it the oldest files go, and where there are none nothing is recorded. */
  leastFreeRatio: number;
};

/** So much is written at once, bytes. */
const pieceBytes = 256 * 1024;
const endings = { ts: "ts", fmp4: "mp4" } as const;

/**
 * Records a programme into files of a folder, each named after when it begins. What is on disk can
 * be played, also when the process was killed. Old files go, and the oldest when there is little
 * room; what others have put there is never touched.
 */
export class RecordingOutput implements SegmentSink {
  readonly #fields: RecordingFields;
  readonly #nowMs: () => number;
  #open: { fd: number; path: string; form: SegmentForm; dts: Ticks } | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Why nothing is recorded. */
  why: string | null = null;

  constructor(fields: RecordingFields, nowMs: () => number) {
    this.#fields = fields;
    this.#nowMs = nowMs;
    // What an earlier process was writing when it was killed.
    for (const name of this.#files(partEnding)) {
      const part = join(fields.folder, name);
      this.#trying(() => renameSync(part, part.slice(0, -partEnding.length)));
    }
  }

  /** Whole ones of ours, the oldest first. */
  get files(): string[] {
    return this.#files("");
  }

  begin({ format, atMs, dts }: Cut): void {
    this.#trying(() => {
      this.#makeRoom();
      const { name, container, folder } = this.#fields;
      const at = new Date(atMs).toISOString().replace(/[-:.]/g, "");
      const path = join(folder, `${name}-${at}.${endings[container]}`);
      const form = formOf(container);
      this.#open = { fd: openSync(`${path}${partEnding}`, "w", 0o640), path, form, dts };
      this.#write(form.init(format));
      this.why = null;
    });
  }

  frame(frame: Frame): void {
    this.#trying(() => this.#write(this.#open?.form.frame(frame)));
  }

  end(lengthTicks: Ticks): void {
    this.#trying(() => {
      if (this.#open) this.#write(this.#open.form.end(this.#open.dts + lengthTicks));
    });
    this.#close();
  }

  /** Looks at the disk. @returns false when there is no room to go on */
  look(): boolean {
    return this.#trying(() => this.#makeRoom());
  }

  #write(bytes: Buffer | undefined): void {
    if (!bytes || !this.#open) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= pieceBytes) this.#flush(this.#open.fd);
  }

  #flush(fd: number): void {
    const all = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (let at = 0; at < all.length;) at += writeSync(fd, all, at);
  }

  #close(): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    const keep = (work: () => void) => this.#trying(work);
    keep(() => this.#flush(open.fd));
    keep(() => closeSync(open.fd));
    keep(() => renameSync(`${open.path}${partEnding}`, open.path));
  }

  /** @throws where nothing may be written */
  #makeRoom(): void {
    const {
      folder,
      isMountPoint,
      keepMs,
      keepAtMostBytes = Infinity,
      leastFreeRatio,
    } = this.#fields;
    if (isMountPoint) {
      const mounts = parseMounts(readFileSync("/proc/self/mountinfo", "utf8"));
      if (!isMountedAt(mounts, folder)) {
        throw new Error(`nothing is mounted at ${folder}`);
      }
    } else mkdirSync(folder, { recursive: true, mode: 0o750 });
    const files = this.files.map((name) => {
      const path = join(folder, name);
      const { mtimeMs, size } = statSync(path);
      return { path, mtimeMs, size };
    });
    const oldMs = this.#nowMs() - keepMs;
    let keptBytes = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, mtimeMs, size } of files) {
      const mayStay = mtimeMs >= oldMs && keptBytes <= keepAtMostBytes;
      if (mayStay && spaceIn(folder).freeRatio >= leastFreeRatio) break;
      rmSync(path, { force: true });
      keptBytes -= size;
    }
    const { freeRatio, totalBytes } = spaceIn(folder);
    if (freeRatio >= leastFreeRatio) return;
    const percent = (ratio: number) => `${Math.floor(ratio * 100)} %`;
    const wantedGB = ((leastFreeRatio - freeRatio) * totalBytes) / 1e9;
    throw new Error(
      `${folder} has ${percent(freeRatio)} free, less than ${percent(leastFreeRatio)}, and no recording ` +
        `of this output is left there: delete ${wantedGB.toFixed(1)} GB of other files`,
    );
  }

  #files(more: string): string[] {
    const { folder, name, container } = this.#fields;
    if (!existsSync(folder)) return [];
    const ending = `.${endings[container]}${more}`;
    const isOurs = (file: string) =>
      file.startsWith(`${name}-`) &&
      file.endsWith(ending) &&
      /^\d{8}T\d{9}Z$/.test(file.slice(name.length + 1, -ending.length));
    return readdirSync(folder).filter(isOurs).sort();
  }

  /** A disk that is full, read only or gone ends the file, and disturbs nothing else. */
  #trying(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (cause) {
      this.why = cause instanceof Error ? cause.message : String(cause);
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#close();
      return false;
    }
  }
}

function spaceIn(folder: string): { freeRatio: number; totalBytes: number } {
  const { bavail, blocks, bsize } = statfsSync(folder);
  return { freeRatio: blocks === 0 ? 0 : bavail / blocks, totalBytes: blocks * bsize };
}
