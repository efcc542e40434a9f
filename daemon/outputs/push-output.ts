import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { certificateWords } from "../drivers/ffmpeg/last-words.ts";
import type { ElementaryStream, Frame } from "../relay/frame.ts";
import { type AnyMux, type Form, muxOf } from "../relay/muxes.ts";
import type { RtpPackets } from "./rtp-packets.ts";

/** It ends with us, also when we are killed. */
const withUs = ["--pdeathsig", "KILL", "--", "/usr/bin/ffmpeg"];
/** So much may wait for the far end, bytes; what comes then is thrown away up to a keyframe. */
const mostWaitingBytes = 4 * 2 ** 20;
/** A far end that has taken nothing for so long is dialled again. */
const stuckAfterMs = 10_000;
const againMs = { first: 500, most: 15_000 };
/** More sounds than it began with are no mistake when they have come for so long. */
const moreSoundsLastMs = 2_000;
const endsWithinMs = 2_000;
/** A connection that lasted so long was a good one. */
const goodAfterMs = 10_000;

/**
 * Sends a programme on by ffmpeg, unchanged. A far end that is away is dialled again, each time from
 * a keyframe on; one that takes nothing costs pictures of this output, and keeps nobody waiting.
 * A far end may take those sounds only that there were at its start: for more another is begun, once.
 */
export class PushOutput {
  readonly #argv: readonly string[];
  readonly #secrets: readonly string[];
  readonly #form: Form;
  readonly #rtp: RtpPackets | undefined;
  #child: ChildProcess | undefined;
  #mux: AnyMux | undefined;
  #words: string[] = [];
  #againMs = againMs.first;
  #dialAtMs = 0;
  #begunAtMs = 0;
  #takenAtMs = 0;
  /** That it was begun with, and since when there are more. */
  #sounds = 0;
  #moreSoundsSinceMs: number | undefined;
  #isEnding = false;
  #sentBytes = 0;
  droppedPictures = 0;
  bytes = 0;
  /** Why nothing goes out. */
  why: string | null = null;

  /**
   * @param argv of ffmpeg, whose input is at pipe:0 in this form
   * @param rtp what it is handed stands in packets of RTP
   */
  constructor(argv: readonly string[], secrets: readonly string[], form: Form, rtp?: RtpPackets) {
    this.#form = form;
    this.#rtp = rtp;
    this.#argv = argv;
    this.#secrets = secrets;
  }

  take(frame: Frame, streams: ElementaryStream[], nowMs: number): void {
    if (!this.#mux) {
      if (!frame.key || this.#isEnding || nowMs < this.#dialAtMs) {
        if (frame.track === 0) this.droppedPictures++;
        return;
      }
      if (!this.#child) {
        this.#child = this.#dial(nowMs);
        this.#sounds = soundsIn(streams);
        this.#moreSoundsSinceMs = undefined;
      }
      this.#mux = muxOf(this.#form, streams);
    }
    if (frame.key && this.#hasMoreSounds(streams, nowMs)) return this.#beginAnew(streams);
    this.#mux.setStreams(streams);
    const { stdin } = this.#child!;
    if (stdin!.writableLength === 0) this.#takenAtMs = nowMs;
    if (nowMs - this.#takenAtMs > stuckAfterMs) {
      this.why = `the far end has taken nothing for ${stuckAfterMs / 1_000} s`;
      this.#child!.kill("SIGKILL");
    }
    if (stdin!.writableLength > mostWaitingBytes) {
      this.#mux = undefined;
      if (frame.track === 0) this.droppedPictures++;
      return;
    }
    const written = this.#mux.write(frame);
    const bytes = this.#rtp?.of(written, frame.dts) ?? written;
    this.bytes += bytes.length;
    stdin!.write(bytes);
  }

  /** FLV has one. */
  #hasMoreSounds(streams: ElementaryStream[], nowMs: number): boolean {
    if (this.#form === "flv" || soundsIn(streams) <= this.#sounds) {
      this.#moreSoundsSinceMs = undefined;
      return false;
    }
    this.#moreSoundsSinceMs ??= nowMs;
    return nowMs - this.#moreSoundsSinceMs >= moreSoundsLastMs;
  }

  /** It lets go of the far end first, which may take one caller only. */
  #beginAnew(streams: ElementaryStream[]): void {
    const child = this.#child!;
    const late = setTimeout(() => child.kill("SIGKILL"), endsWithinMs);
    child.once("close", () => clearTimeout(late));
    child.stdin!.end();
    this.#words = [`begun anew: there are ${soundsIn(streams)} sounds now`];
    this.why = this.#words[0]!;
    this.#mux = undefined;
    this.#isEnding = true;
    this.droppedPictures++;
  }

  #dial(nowMs: number): ChildProcess {
    this.#words = [];
    this.#sentBytes = 0;
    this.#begunAtMs = nowMs;
    this.#takenAtMs = nowMs;
    const child = spawn("/usr/bin/setpriv", [...withUs, ...this.#argv], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
    });
    createInterface({ input: child.stderr }).on("line", (line) => {
      this.#words = [...this.#words, this.#harmless(line)].slice(-3);
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      const size = Number(/^total_size=(\d+)$/.exec(line)?.[1] ?? 0);
      // It has been dialled, and something has gone out.
      if (size > this.#sentBytes && !this.#isEnding) this.why = null;
      this.#sentBytes = Math.max(size, this.#sentBytes);
    });
    // One that has ended does not take what is still handed to it.
    child.stdin.on("error", () => undefined);
    child.once("error", ({ message }) => this.#words.push(message));
    child.once("close", () => this.#ended(child));
    return child;
  }

  #ended(child: ChildProcess): void {
    if (child !== this.#child) return;
    this.#child = undefined;
    this.#mux = undefined;
    this.#isEnding = false;
    const nowMs = performance.now();
    const wasGood = nowMs - this.#begunAtMs > goodAfterMs;
    this.why =
      certificateWords(this.#words) ?? this.#words.at(-1) ?? this.why ?? "the far end was lost";
    this.#dialAtMs = nowMs + (wasGood ? againMs.first : this.#againMs);
    this.#againMs = wasGood ? againMs.first : Math.min(2 * this.#againMs, againMs.most);
  }

  #harmless(line: string): string {
    return this.#secrets.reduce((text, secret) => text.split(secret).join("[secret]"), line);
  }
}

/** The picture comes first. */
const soundsIn = (streams: readonly ElementaryStream[]): number => streams.length - 1;
