import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * A test picture that says which encoder made it and when, and the reader for it.
 *
 * The bar code is two rows of 16 cells along the bottom edge, white = 1, most significant first:
 * white and black (so that neither black nor white pictures read as a code), 20 bits of frame
 * number, 6 bits of source, 4 check bits. A cell is 1/16 of the width and 1/10 of the height:
 * 20 x 18 pixels at 320x180, larger than a macroblock, which x264 keeps at 300 kbit/s.
 *
 * The frame number counts frames since the Unix epoch at the nominal rate, modulo 2^20, so two
 * encoders on one clock show the same number at the same moment (19 h at 15 fps until it repeats).
 */
export const frameNumbers = 2 ** 20;
/** Sources are numbered 0..63. */
export const sources = 64;

const frameBits = 20;
const sourceBits = 6;
const columns = 16;
const rows = 2;
/** Height of one row as a share of the picture: 1/10. */
const rowShare = 10;

/** What one picture says of itself. */
export type BarCode = {
  /** 0 .. 2^20-1, see {@link frameNumberAt}. */
  frame: number;
  /** 0 .. 63, the number the encoder was given. */
  source: number;
};

/** A nominal rate as ffmpeg must be told: 29.97 is 30000/1001, not 2997/100. */
export function exactRate(fps: number): { num: number; den: number } {
  if (Number.isInteger(fps)) return { num: fps, den: 1 };
  return { num: Math.ceil(fps) * 1000, den: 1001 };
}

/** The frame number shown at a moment, for tests that compare a picture with the clock. */
export function frameNumberAt(atMs: number, fps: number): number {
  const { num, den } = exactRate(fps);
  return Math.floor((atMs * num) / (1000 * den)) % frameNumbers;
}

/** Frames from `from` to `to` over the wrap: positive when `to` is later. */
export function framesBetween(from: number, to: number): number {
  const ahead = (to - from + frameNumbers) % frameNumbers;
  return ahead > frameNumbers / 2 ? ahead - frameNumbers : ahead;
}

/**
 * ffmpeg video filters that draw the bar code; the input must have the constant rate `fps`.
 * They count frames from ffmpeg's own start time, so feed them in real time (`-re`, a live input).
 * Timestamps leave as they would without the filters, from zero.
 */
export function barCodeFilter(options: { fps: number; source: number }): string {
  const { num, den } = exactRate(options.fps);
  const source = options.source % sources;
  const frame = `mod(floor(t*${num}/${den}+0.5),${frameNumbers})`;
  const bit = (expression: string, place: number) => `mod(floor(${expression}/${2 ** place}),2)`;
  const sourceBit = (place: number) => Math.floor(source / 2 ** place) % 2;

  const cells: string[] = ["1", "0"];
  for (let place = frameBits - 1; place >= 0; place--) cells.push(bit(frame, place));
  for (let place = sourceBits - 1; place >= 0; place--) cells.push(String(sourceBit(place)));
  for (let place = 3; place >= 0; place--) {
    const ones = [0, 4, 8, 12, 16].map((nibble) => bit(frame, nibble + place)).join("+");
    const fixed = sourceBit(place) + (place < 2 ? sourceBit(place + 4) : 0) + 1;
    cells.push(`mod(${ones}+${fixed},2)`);
  }
  const boxes = cells.flatMap((enable, index) => {
    if (enable === "0") return [];
    const x = `${index % columns}*iw/${columns}`;
    const y = `ih-${rows - Math.floor(index / columns)}*ih/${rowShare}`;
    const at = `x=${x}:y=${y}:w=iw/${columns}:h=ih/${rowShare}`;
    return [`drawbox=${at}:color=white:t=fill:enable='${enable}'`];
  });
  return [
    `settb=${den}/${num}`,
    `setpts='N+floor(RTCSTART*${num}/${1_000_000 * den})'`,
    `drawbox=x=0:y=ih-${rows}*ih/${rowShare}:w=iw:h=${rows}*ih/${rowShare}:color=black:t=fill`,
    ...boxes,
    "setpts=PTS-STARTPTS",
  ].join(",");
}

/** Pictures are scaled to this before reading: 4 x 4 pixels to a cell. */
const readWidth = columns * 4;
const readHeight = rowShare * 4;

/** How a decoder is to show pictures to {@link readBarCode}. */
export const grayPictures = {
  filter: `scale=${readWidth}:${readHeight}:flags=area,format=gray`,
  bytes: readWidth * readHeight,
};

/** Reads one gray picture of 64 x 40; undefined when there is no valid code in it. */
export function readBarCode(gray: Uint8Array): BarCode | undefined {
  const bits: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const top = readHeight - (rows - row) * 4;
      let sum = 0;
      for (const y of [top + 1, top + 2])
        for (const x of [column * 4 + 1, column * 4 + 2]) sum += gray[y * readWidth + x] ?? 0;
      bits.push(sum / 4 > 128 ? 1 : 0);
    }
  }
  const number = (from: number, length: number) =>
    bits.slice(from, from + length).reduce((value, next) => value * 2 + next, 0);
  const frame = number(2, frameBits);
  const source = number(2 + frameBits, sourceBits);
  const check = number(2 + frameBits + sourceBits, 4);
  let expected = 15 ^ (source & 15) ^ (source >> 4);
  for (let place = 0; place < frameBits; place += 4) expected ^= (frame >> place) & 15;
  return bits[0] === 1 && bits[1] === 0 && check === expected ? { frame, source } : undefined;
}

/** One decoded picture: its code if it could be read, and when it came out of the decoder. */
export type DecodedPicture = { code: BarCode | undefined; atMs: number };

/** Follows a live stream. `close` ends the decoder; `ended` settles when it has gone. */
export type PictureWatch = { close(): void; ended: Promise<void> };

/**
 * Decodes every picture of a file or URL (RTMP, HLS, ...) and hands each to `onPicture`.
 * `limitS` ends it after that much media. `ended` rejects with ffmpeg's own words on failure.
 */
export function watchPictures(
  input: string,
  onPicture: (picture: DecodedPicture) => void,
  options: { limitS?: number } = {},
): PictureWatch {
  const fast = ["-probesize", "100000", "-analyzeduration", "3000000", "-fpsprobesize", "0"];
  const limit = options.limitS === undefined ? [] : ["-t", String(options.limitS)];
  const child = spawn(
    "setpriv",
    // prettier-ignore
    ["--pdeathsig", "KILL", "ffmpeg", "-v", "error", "-nostdin", ...(input.includes("://") ? fast : []),
      "-threads", "1", "-i", input, ...limit, "-an", "-fps_mode", "passthrough",
      "-vf", grayPictures.filter,
      "-f", "rawvideo", "-flush_packets", "1", "pipe:1"],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let rest: Buffer = Buffer.alloc(0);
  let closed = false;
  const words: string[] = [];
  const { bytes: size } = grayPictures;
  child.stdout.on("data", (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (; rest.length >= size; rest = rest.subarray(size))
      onPicture({ code: readBarCode(rest.subarray(0, size)), atMs: Date.now() });
  });
  createInterface({ input: child.stderr }).on("line", (line) => words.push(line));
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (closed || code === 0) resolve();
      else
        reject(new Error(`the picture decoder ended with ${code}: ${words.at(-1) ?? "no word"}`));
    });
  });
  const close = () => {
    closed = true;
    child.kill("SIGKILL");
  };
  return { close, ended };
}

/** The codes of a file or of `limitS` seconds of a stream; unreadable pictures are left out. */
export async function decodeBarCodes(
  input: string,
  options: { limitS?: number } = {},
): Promise<BarCode[]> {
  const codes: BarCode[] = [];
  const watch = watchPictures(input, ({ code }) => code && codes.push(code), options);
  await watch.ended;
  return codes;
}
