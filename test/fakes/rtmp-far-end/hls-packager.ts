import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { messageType, type RtmpMessage } from "./chunk-stream.ts";
import { flvHeader, flvTag } from "./flv.ts";
import { isAudioHeader, isKeyframe, isVideoHeader, type MediaInfo } from "./media-info.ts";
import type { Publisher } from "./publications.ts";

/** Between the last message of one publisher and the first of the next, on the HLS clock. */
const seamMs = 40;
/** An ffmpeg that does not read is given up on before it fills our memory. */
const maxQueuedBytes = 16 * 1024 * 1024;
const exitGraceMs = 3_000;

/**
 * One key's HLS playlist, made by a real ffmpeg (`-c copy`) that is fed FLV through its stdin.
 * It goes on over publishers: the next one is joined at its first keyframe, on a clock that only
 * goes forward. Only when codec headers differ is ffmpeg started anew, and `append_list`
 * continues the playlist. ffmpeg ends at the end of its stdin, so also when we are killed.
 */
export class HlsPackager {
  readonly #directory: string;
  readonly #segmentSeconds: number;
  #child: ChildProcess | null = null;
  #ending: Promise<void> = Promise.resolve();
  #queue: Buffer[] | null = null;
  #publisher: Publisher | null = null;
  #joined = false;
  #headers = "";
  #offsetMs = 0;
  #lastMs = 0;

  constructor(directory: string, segmentSeconds: number) {
    this.#directory = directory;
    this.#segmentSeconds = segmentSeconds;
    mkdirSync(directory, { recursive: true });
  }

  write(publisher: Publisher, message: RtmpMessage): void {
    if (publisher !== this.#publisher) {
      this.#publisher = publisher;
      this.#joined = false;
    }
    // Headers are known from `media` and written when the publisher is joined.
    if (message.type === messageType.dataAmf0) return;
    if (isVideoHeader(message) || isAudioHeader(message)) {
      if (headersOf(publisher.media) !== this.#headers) this.#joined = false;
      return;
    }
    if (!this.#joined) {
      if (publisher.media.videoHeader && !isKeyframe(message)) return;
      this.#join(publisher.media, message);
    }
    this.#lastMs = Math.max(this.#lastMs, message.timestampMs + this.#offsetMs);
    this.#feed(flvTag(message, (message.timestampMs + this.#offsetMs) >>> 0));
  }

  #join(media: MediaInfo, first: RtmpMessage): void {
    this.#joined = true;
    this.#offsetMs = this.#lastMs + seamMs - first.timestampMs;
    const headers = headersOf(media);
    if (this.#child && headers === this.#headers) return;
    this.#headers = headers;
    const old = this.#child;
    if (old) this.#ending = this.#end(old);
    this.#child = null;
    const has = { audio: media.audioHeader !== undefined, video: media.videoHeader !== undefined };
    this.#queue = [flvHeader(has)];
    for (const header of [media.videoHeader, media.audioHeader]) {
      if (header) this.#queue.push(flvTag(header, first.timestampMs + this.#offsetMs));
    }
    // Two writers of one playlist would spoil it, so the next waits for the last.
    void this.#ending.then(() => this.#start());
  }

  #start(): void {
    if (this.#child || !this.#queue) return;
    const seconds = String(this.#segmentSeconds);
    // prettier-ignore
    const child = spawn("ffmpeg", [
      "-hide_banner", "-loglevel", "error",
      "-probesize", "200000", "-analyzeduration", "500000", "-f", "flv", "-i", "pipe:0",
      "-c", "copy", "-f", "hls", "-hls_time", seconds, "-hls_list_size", "10",
      "-hls_flags", "append_list+omit_endlist+delete_segments+temp_file",
      "-hls_segment_filename", join(this.#directory, "s%06d.ts"),
      join(this.#directory, "index.m3u8"),
    ], { stdio: ["pipe", "ignore", "ignore"] });
    this.#child = child;
    // Gone (or never started): the next keyframe starts another.
    const gone = () => {
      if (this.#child !== child) return;
      this.#child = null;
      this.#joined = false;
    };
    child.on("error", gone);
    child.on("exit", gone);
    child.stdin.on("error", gone);
    for (const bytes of this.#queue) child.stdin.write(bytes);
    this.#queue = null;
  }

  #feed(bytes: Buffer): void {
    if (this.#queue) {
      this.#queue.push(bytes);
      return;
    }
    const stdin = this.#child?.stdin;
    if (!stdin) return;
    if (stdin.writableLength > maxQueuedBytes) this.#child?.kill("SIGKILL");
    else stdin.write(bytes);
  }

  async #end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const exit = once(child, "exit");
    child.stdin?.end();
    const late = setTimeout(() => child.kill("SIGKILL"), exitGraceMs);
    await exit;
    clearTimeout(late);
  }

  async close(): Promise<void> {
    this.#queue = null;
    await this.#ending;
    const child = this.#child;
    this.#child = null;
    if (child) await this.#end(child);
  }
}

function headersOf({ videoHeader, audioHeader }: MediaInfo): string {
  return [videoHeader, audioHeader]
    .map((header) => header?.payload.toString("hex") ?? "")
    .join("/");
}
