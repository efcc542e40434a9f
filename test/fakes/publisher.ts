import { type ChildProcess, spawn } from "node:child_process";
import { onTestFinished } from "vitest";

/** A real ffmpeg that publishes moving bars and a tone, 15 frames a second with a keyframe each. */
export class Publisher {
  readonly #child: ChildProcess;
  /** How many frames it has sent; it stands still while it is held up. */
  frames = 0;
  words = "";
  #isOver = false;

  /** @param output options and address, the last of ffmpeg's arguments */
  constructor(output: readonly string[]) {
    const bars = ["-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=15"];
    const tone = ["-re", "-f", "lavfi", "-i", "sine=sample_rate=48000"];
    const encoding = [
      ...["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1"],
      ...["-g", "15", "-b:v", "300k", "-pix_fmt", "yuv420p", "-c:a", "aac"],
    ];
    const quiet = ["-nostdin", "-hide_banner", "-loglevel", "error", "-progress", "pipe:1"];
    const argv = [...quiet, "-stats_period", "0.1", ...bars, ...tone, ...encoding, ...output];
    this.#child = spawn("ffmpeg", argv, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout!.on("data", (chunk: Buffer) => {
      const counts = [...chunk.toString().matchAll(/^frame=\s*(\d+)/gm)];
      this.frames = Number(counts.at(-1)?.[1] ?? this.frames);
    });
    this.#child.stderr!.on("data", (chunk: Buffer) => (this.words += chunk.toString()));
    this.#child.once("exit", () => (this.#isOver = true));
    onTestFinished(() => this.end());
  }

  static rtmp = (address: string) => new Publisher(["-f", "flv", address]);
  static srt = (address: string, passphrase: string) =>
    new Publisher(["-passphrase", passphrase, "-f", "mpegts", address]);

  get isOver(): boolean {
    return this.#isOver;
  }

  /** It stays connected, and sends nothing. */
  hold(): void {
    this.#child.kill("SIGSTOP");
  }

  goOn(): void {
    this.#child.kill("SIGCONT");
  }

  async end(): Promise<void> {
    if (this.#isOver) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await gone;
  }
}
