import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { createInterface } from "node:readline";
import { parseProgress } from "../drivers/ffmpeg/progress.ts";
import { type AudioForm, audioIn, type VideoForm, videoIn } from "./stream-lines.ts";

/** It ends with us, also when we are killed: what nobody looks after holds no port. */
const withUs = ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"];
const program = "/usr/bin/ffmpeg";
/** A list without an end fills no memory but this: the rest of the site is on the same host. */
const withinMemory = ["/usr/bin/prlimit", `--data=${1024 ** 3}`, "--"];
const keptWords = 6;
const packetBytes = 188;
/** libsrt, of a caller that it sent away. */
const refusal = /processConnectRequest: rsp\(REJECT\): \d+ - (.+)$/;
const noise = /^\[\w+\] *(Last message repeated|Past duration)/;

/** Of its input, s. */
const start = /^\[info\] *Duration: .*\bstart: (-?\d+\.\d+)/;
/** As much of what is fetched may wait for ffmpeg. */
const mostWaitingBytes = 32 * 1024 * 1024;

/** One ffmpeg that passes on what comes in, from its start to its end. */
export class Pump {
  readonly #child: ChildProcess;
  /** Gets the bytes of the source, where these are looked at first. */
  readonly #fetch: ChildProcess | undefined;
  readonly #secrets: readonly string[];
  readonly #isMade: boolean;
  readonly #refused: (why: string) => void;
  #words: string[] = [];
  #fetchWords: string[] = [];
  readonly #starts: ((atS: number) => void) | undefined;
  #isOutput = false;
  #ended = false;
  bytes = 0;
  frames = 0;
  /** Where the times of its output have got to, s since it began. */
  outTimeS = 0;
  readonly beganAtMs = performance.now();
  /** Monotonic, of the last sign that something came in. */
  movedAtMs: number | undefined;
  video: VideoForm | undefined;
  /** In the order of the input. */
  readonly sounds: AudioForm[] = [];

  constructor(
    argv: readonly string[],
    p: {
      /** What goes out is another than what comes in. */
      isMade: boolean;
      secrets: readonly string[];
      /** It goes where others send it: only through the proxy at this port of loopback. */
      proxyPort: number | undefined;
      /** Takes what goes out, where that is its standard output: whole packets of MPEG-TS. */
      takes: ((packets: Buffer) => void) | undefined;
      /** It reads what another ffmpeg gets with these arguments, and who looks at that. */
      fetch?: { argv: readonly string[]; passes: (bytes: Buffer) => void } | undefined;
      /** Which time of its input it takes for the beginning, s. */
      starts?: (atS: number) => void;
      moved: () => void;
      /** A caller was sent away. */
      refused: (why: string) => void;
      ended: (pump: Pump) => void;
    },
  ) {
    this.#isMade = p.isMade;
    this.#refused = p.refused;
    this.#secrets = p.secrets;
    this.#starts = p.starts;
    const { proxyPort } = p;
    const isLed = proxyPort !== undefined;
    const env = {
      ...{ PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
      ...(isLed && { http_proxy: `http://127.0.0.1:${proxyPort}` }),
    };
    const [first, ...rest] = [...withUs, ...(isLed ? withinMemory : []), program, ...argv];
    const output = p.takes ? "pipe" : "ignore";
    this.#child = spawn(first!, rest, { stdio: ["pipe", output, "pipe", "pipe"], env });
    if (p.fetch) {
      const { argv: fetching, passes } = p.fetch;
      const [command, ...words] = [...withUs, program, ...fetching];
      this.#fetch = spawn(command!, words, { stdio: ["ignore", "pipe", "pipe"], env });
      this.#fetched(this.#fetch, passes);
    }
    const end = () => {
      if (this.#ended) return;
      this.#ended = true;
      this.#fetch?.kill("SIGKILL");
      p.ended(this);
    };
    // `close`: its last words have been read.
    this.#child.once("close", end);
    this.#child.once("error", ({ message }) => {
      this.#words.push(message);
      end();
    });
    // One that has ended does not take what is still handed to it.
    this.#child.stdin!.on("error", () => undefined);
    createInterface({ input: this.#child.stderr! }).on("line", (line) => this.#said(line));
    this.#readProgress(this.#child.stdio[3] as Readable, p.moved);
    if (p.takes) this.#pass(this.#child.stdout!, p.takes);
  }

  #fetched(from: ChildProcess, passes: (bytes: Buffer) => void): void {
    from.stdout!.on("data", (bytes: Buffer) => {
      passes(bytes);
      this.feed.write(bytes);
      if (this.feed.writableLength > mostWaitingBytes) this.kill();
    });
    createInterface({ input: from.stderr! }).on("line", (line) => {
      const why = refusal.exec(line)?.[1];
      if (why !== undefined) this.#refused(why);
      if (isError(line)) this.#fetchWords.push(this.#harmless(line));
    });
    from.once("error", ({ message }) => this.#fetchWords.push(message));
    from.once("close", () => this.finish());
  }

  #said(line: string): void {
    const startS = start.exec(line)?.[1];
    if (startS !== undefined && !this.#isOutput) this.#starts?.(Number(startS));
    if (/^\[info\] *Output #0/.test(line)) this.#isOutput = true;
    if (this.#isOutput === this.#isMade) {
      this.video ??= videoIn(line);
      const sound = audioIn(line);
      if (sound) this.sounds.push(sound);
    }
    const why = refusal.exec(line)?.[1];
    if (why !== undefined) this.#refused(why);
    if (!isError(line)) return;
    this.#words = [...this.#words, this.#harmless(line)].slice(-keptWords);
  }

  #readProgress(from: Readable, moved: () => void): void {
    let text = "";
    from.setEncoding("latin1").on("data", (chunk: string) => {
      text += chunk;
      for (let end; (end = /progress=\w+\n/.exec(text));) {
        const until = end.index + end[0].length;
        const block = parseProgress(Buffer.from(text.slice(0, until), "latin1"));
        text = text.slice(until);
        const bytes = block?.totalSizeBytes ?? this.bytes;
        if (bytes > this.bytes) this.movedAtMs = performance.now();
        this.bytes = bytes;
        this.frames = block?.frames ?? this.frames;
        this.outTimeS = Math.max(this.outTimeS, (block?.outTimeUs ?? 0) / 1e6);
        moved();
      }
    });
  }

  #pass(from: Readable, takes: (packets: Buffer) => void): void {
    let rest = Buffer.alloc(0);
    from.on("data", (chunk: Buffer) => {
      const bytes = Buffer.concat([rest, chunk]);
      const whole = bytes.length - (bytes.length % packetBytes);
      rest = bytes.subarray(whole);
      if (whole > 0) takes(bytes.subarray(0, whole));
    });
  }

  /** Without secrets, and without what ffmpeg puts before each line. */
  #harmless(line: string): string {
    const plain = line.replace(/^(\[[^\]]*\] *)+/, "").replace(/:\/\/[^/@ ]*@/g, "://[login]@");
    return this.#secrets.reduce((text, secret) => text.split(secret).join("[secret]"), plain);
  }

  /** The most telling of its last words. */
  get lastWords(): string | undefined {
    const says = (words: string[]) =>
      words.findLast(
        (line) => !/^Conversion failed|^Error opening|: Server returned 5XX/.test(line),
      );
    return says(this.#fetchWords) ?? says(this.#words);
  }

  /** What it reads, where that is handed to it. */
  get feed(): Writable {
    return this.#child.stdin!;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** What it has of its feed is passed on before it ends. */
  finish(): void {
    this.#child.stdin!.end();
    setTimeout(() => this.kill(), 1_000).unref();
  }

  kill(): void {
    if (this.#ended) return;
    this.#fetch?.kill("SIGKILL");
    this.#child.kill("SIGKILL");
  }
}

const isError = (line: string): boolean =>
  /^(\[[^\]]*\] *)*\[(error|fatal|panic)\]/.test(line) && !noise.test(line);
