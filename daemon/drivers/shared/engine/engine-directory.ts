/**
 * What one engine leaves on disk, so that the next daemon knows it again. `record.json` is ours
 * and written before the spawn, `spare` is room for a full disk; `lock`, `alive`, `pid`, `exit` and
 * `words` are the launcher's. No key ever stands in here.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  watch,
  type FSWatcher,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import type { EncoderSettings } from "../../../../machines/encoder/settings.ts";
import { statusOf, type ProcessId } from "./processes.ts";
import { RecordFile } from "./record-file.ts";
import { keepSpareRoom } from "./spare-room.ts";

const Settings = z.custom<EncoderSettings>((value) => typeof value === "object" && value !== null);

export const EngineRecord = z.object({
  /** Names this start, so that files of an earlier one are not mistaken for its own. */
  run: z.string(),
  bootId: z.string(),
  stream: z.string(),
  destination: z.string(),
  address: z.string(),
  keyGeneration: z.number().int(),
  /** Name of the program; ffmpeg was the only one before there were others. */
  program: z.string().default("ffmpeg"),
  /** What makes its picture, and why that; absent where there was no choice. */
  by: z.string().optional(),
  because: z.string().optional(),
  progressPort: z.number().int(),
  /** Of the session it was started for. */
  settings: Settings.optional(),
  /** What it makes of its input; absent in records of older versions. */
  makes: Settings.optional(),
  /** SHA-256 of the arguments without the key: whether it runs as it is configured now. */
  argvFingerprint: z.string(),
  /** The end of this run was told to whoever watches. */
  endSeen: z.boolean(),
  /** Highest generation seen of each key, by `<stream> <destination>`. */
  highest: z.record(z.string(), z.number().int()),
});
export type EngineRecord = z.infer<typeof EngineRecord>;
/** What had no choice is made by its program. */
export const madeBy = ({ by, program }: EngineRecord): string => by ?? program;
export type EngineProcess = ProcessId & { group: number };
export type EngineExit = { code: number | null; signal: string | null };

export const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
/** The launcher writes the pid file right after the spawn; on a starved host much later. */
const pidFileWithinMs = 1_000;
const lookEveryMs = 20;

export class EngineDirectory {
  readonly path: string;
  readonly #record: RecordFile;

  constructor(stateDir: string, output: string) {
    const path = join(stateDir, "engines", output);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    this.path = realpathSync(path);
    this.#record = new RecordFile(this.path);
    // Always there, so that one that is missing proves nothing.
    closeSync(openSync(this.lock, "a", 0o600));
  }

  /** Before the first record: the room must be there when the disk fills up. */
  async keepSpareRoom(): Promise<void> {
    await keepSpareRoom(this.path);
    this.#record.prepare();
  }

  get lock(): string {
    return join(this.path, "lock");
  }

  /** The pipe that tells of the end of what runs. */
  get lifeLine(): string {
    return join(this.path, "alive");
  }

  /** @returns undefined when there is none, or none that can be read */
  record(): EngineRecord | undefined {
    return EngineRecord.safeParse(parseJson(this.#read("record.json"))).data;
  }

  /** On disk before it is acted on; see `RecordFile`. */
  write(record: EngineRecord): Promise<void> {
    return this.#record.write(JSON.stringify(record));
  }

  /** All that was asked to be written is written, or failed. */
  close(): Promise<void> {
    return this.#record.close();
  }

  process(run: string): EngineProcess | undefined {
    const [whose, pid, startTicks, group] = this.#line("pid");
    if (whose !== run) return undefined;
    const found = { pid: Number(pid), startTicks: Number(startTicks), group: Number(group) };
    return Object.values(found).every((value) => Number.isInteger(value) && value > 0)
      ? found
      : undefined;
  }

  /** The living process of a record. Its pid file may be some milliseconds away. */
  async livingProcess({
    run,
    bootId: boot,
  }: Pick<EngineRecord, "run" | "bootId">): Promise<EngineProcess | undefined> {
    const until = performance.now() + pidFileWithinMs;
    for (;;) {
      const process = this.process(run);
      if (process) return statusOf(process) && process;
      if (boot !== bootId || performance.now() > until) return undefined;
      await pause(lookEveryMs);
    }
  }

  /**
   * Says when something has changed in here.
   * @returns undefined where the kernel's inotify limits are reached
   */
  watch(changed: () => void): FSWatcher | undefined {
    try {
      const files = watch(this.path, changed);
      return files.on("error", () => files.close());
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOSPC" || code === "EMFILE") return undefined;
      throw error;
    }
  }

  exit(run: string): EngineExit | undefined {
    const [whose, code] = this.#line("exit");
    if (whose !== run || code === undefined) return undefined;
    return parseExit(code);
  }

  /** What the last process said on stderr before it ended, one line each. */
  words(): string[] {
    return this.#read("words")
      .split("\n")
      .filter((line) => line.trim() !== "");
  }

  /** The words of a file of one line; none while it is being written. */
  #line(name: string): string[] {
    const text = this.#read(name);
    return text.endsWith("\n") ? text.trim().split(" ") : [];
  }

  #read(name: string): string {
    try {
      return readFileSync(join(this.path, name), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw error;
    }
  }
}

const signals: Record<number, string> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

/** A shell says 128 + n for signal n. ffmpeg's own 255 after SIGINT or SIGTERM is a plain code. */
function parseExit(text: string): EngineExit {
  if (!/^\d{1,3}$/.test(text)) return { code: null, signal: null };
  const signal = signals[Number(text) - 128];
  return signal === undefined ? { code: Number(text), signal: null } : { code: null, signal };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
