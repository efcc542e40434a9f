import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Loudness } from "../../machines/content/look.ts";
import { pictureBytes, type Picture } from "../../machines/content/picture.ts";
import { figures } from "./arguments.ts";
import { type Figure, readFigures } from "./figures.ts";

export type Samples = {
  picture(picture: Picture): void;
  /** RMS of each channel of half a second, dBFS; the loudness once there are 3 s of it. */
  sound(channelsDbfs: number[], loudness: Loudness | undefined): void;
};

export type Sampler = {
  /** Why it ended, for people; without the address, which may hold a key. */
  readonly ended: Promise<string>;
  kill(): void;
};

/** Pieces of sound in 3 s: what is loud for so long is told of no less. */
const shortTerm = 6;
/** A jump of the pictures' own clock by more than this begins a new count, ms. */
const jumpMs = 10_000;

/**
 * One ffmpeg that makes small pictures of a view. It dies with this process, however that ends,
 * and yields to everything else on the host.
 */
export function sample(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  nowMs: () => number,
  tell: Samples,
): Sampler {
  const patiently = ["--pdeathsig", "KILL", "--", "nice", "-n", "10", ...command];
  const child = spawn("setpriv", patiently, {
    env,
    stdio: ["ignore", "pipe", "ignore", "pipe", "pipe"],
    shell: false,
  });
  const times: number[] = [];
  let bytes = Buffer.alloc(0);
  let anchor: { offsetMs: number; mediaMs: number } | undefined;

  /** The pictures' own clock on ours: by the one that was least delayed on its way. */
  function onOurClock(mediaMs: number): number {
    const offsetMs = nowMs() - mediaMs;
    const isNew = !anchor || Math.abs(mediaMs - anchor.mediaMs) > jumpMs;
    anchor = { mediaMs, offsetMs: isNew ? offsetMs : Math.min(anchor!.offsetMs, offsetMs) };
    return mediaMs + anchor.offsetMs;
  }

  function pairUp(): void {
    while (bytes.length >= pictureBytes && times.length > 0) {
      const luma = Uint8Array.from(bytes.subarray(0, pictureBytes));
      bytes = bytes.subarray(pictureBytes);
      tell.picture({ atMs: onOurClock(times.shift()!), luma });
    }
  }

  (child.stdio[1] as Readable).on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    pairUp();
  });
  onFigures(child.stdio[figures.pictures], ({ atMs }) => {
    times.push(atMs);
    pairUp();
  });
  let heard = 0;
  onFigures(child.stdio[figures.sound], ({ levelsDbfs, loudness = {} }) => {
    const { shortTermLufs, integratedLufs } = loudness;
    heard += 1;
    const isKnown =
      heard > shortTerm && shortTermLufs !== undefined && integratedLufs !== undefined;
    const known = isKnown ? { shortTermLufs, integratedLufs } : undefined;
    if (levelsDbfs.length > 0) tell.sound(levelsDbfs, known);
  });

  return {
    ended: new Promise((resolve) => {
      child.on("error", () => resolve("ffmpeg or setpriv is not installed"));
      child.on("close", () => resolve("it could not be opened, or it ended"));
    }),
    kill: () => void child.kill("SIGKILL"),
  };
}

function onFigures(stream: unknown, tell: (figure: Figure) => void): void {
  const read = readFigures(tell);
  (stream as Readable).setEncoding("utf8").on("data", read);
}
