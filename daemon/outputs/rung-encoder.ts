import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { ElementaryStream, Frame } from "../relay/frame.ts";
import { FrameReader } from "../relay/frame-reader.ts";
import { Mux } from "../relay/ts/mux.ts";
import type { RungName } from "../../config/rungs.ts";
import { rungArguments } from "./rungs.ts";

/** It ends with us, also when we are killed, and gives way to those that encode what is on air. */
const withUs = ["--pdeathsig", "KILL", "--", "/usr/bin/nice", "-n", "5", "/usr/bin/ffmpeg"];
/** So much may wait for it, bytes. */
const mostWaitingBytes = 8 * 2 ** 20;

/** The pictures of one beginning in several sizes, by one ffmpeg. */
export class RungEncoder {
  readonly #child: ChildProcess;
  readonly #mux: Mux;
  readonly #failed: (why: string) => void;
  #isOver = false;

  constructor(p: {
    names: readonly RungName[];
    areSlides: boolean;
    stream: ElementaryStream;
    take: (name: RungName, frame: Frame) => void;
    failed: (why: string) => void;
  }) {
    this.#mux = new Mux([p.stream]);
    this.#failed = p.failed;
    const child = spawn("/usr/bin/setpriv", [...withUs, ...rungArguments(p.names, p.areSlides)], {
      stdio: ["pipe", "ignore", "pipe", ...p.names.map(() => "pipe" as const)],
      env: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
    });
    this.#child = child;
    let words = "the sizes are not encoded any more";
    createInterface({ input: child.stderr! }).on("line", (line) => (words = line));
    child.stdin!.on("error", () => undefined);
    child.once("error", ({ message }) => this.#fail(message));
    child.once("close", () => this.#fail(words));
    for (const [n, name] of p.names.entries()) {
      const reader = new FrameReader((frame) => {
        if (!this.#isOver) p.take(name, frame);
      });
      const pipe = child.stdio[3 + n] as Readable;
      pipe.on("data", (bytes: Buffer) => reader.feed(bytes, performance.now()));
      pipe.on("error", () => undefined);
    }
  }

  write(picture: Frame): void {
    if (this.#isOver) return;
    const { stdin } = this.#child;
    if (stdin!.writableLength > mostWaitingBytes) {
      return this.#fail("the sizes cannot be encoded as fast as the picture comes");
    }
    stdin!.write(this.#mux.write(picture));
  }

  #fail(why: string): void {
    if (this.#isOver) return;
    this.close();
    this.#failed(why);
  }

  close(): void {
    this.#isOver = true;
    this.#child.kill("SIGKILL");
  }
}
