import type { Colour } from "../../../machines/content/colour.ts";
import { colourOf, untold } from "./colour.ts";

/** What an H.264 sequence parameter set (7.3.2.1.1) tells of the pictures. */
export type PictureSet = {
  widthPx: number;
  heightPx: number;
  /** Its pictures may be two fields each: flagged as interlaced. */
  interlaced: boolean;
  /** `profile_idc`, table A. */
  profile: number;
  /** 4:2:0 in 8 bits, which everybody shows. */
  plain: boolean;
  colour: Colour;
  /** What stands before the form of the picture in its timing (D.1.3), bits; null: that is not told. */
  delayBits: number | null;
};

/** Profiles whose sets tell more of the colours. */
const highProfiles = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/** @param unit with its NAL header @returns undefined where it is none, or cut off */
export function pictureSet(unit: Buffer): PictureSet | undefined {
  const bits = new Bits(withoutEmulation(unit.subarray(1)));
  const profile = bits.read(8);
  bits.read(16); // constraints and level
  bits.golomb(); // seq_parameter_set_id
  let chroma = 1;
  let deeper = 0;
  if (highProfiles.includes(profile)) {
    chroma = bits.golomb();
    if (chroma === 3) bits.read(1);
    deeper = bits.golomb() + bits.golomb(); // bits beyond 8, of luma and of chroma
    bits.read(1);
    if (bits.read(1) === 1) {
      for (let list = 0; list < (chroma === 3 ? 12 : 8); list++) {
        if (bits.read(1) === 1) skipScalingList(bits, list < 6 ? 16 : 64);
      }
    }
  }
  bits.golomb(); // log2_max_frame_num
  const order = bits.golomb();
  if (order === 0) bits.golomb();
  if (order === 1) {
    bits.read(1);
    bits.golomb();
    bits.golomb();
    for (let left = Math.min(bits.golomb(), 255); left > 0; left--) bits.golomb();
  }
  bits.golomb(); // max_num_ref_frames
  bits.read(1);
  const columns = bits.golomb() + 1;
  const rows = bits.golomb() + 1;
  const framesOnly = bits.read(1);
  if (framesOnly === 0) bits.read(1);
  bits.read(1);
  const hasCrop = bits.read(1) === 1;
  const [left, right, top, bottom] = Array.from({ length: 4 }, () => (hasCrop ? bits.golomb() : 0));
  const hasMore = bits.read(1) === 1;
  const colour = hasMore ? colourIn(bits) : colourOf(untold, false);
  const delayBits = hasMore ? delayBitsIn(bits) : null;
  if (bits.isOver) return undefined;
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = (chroma === 1 ? 2 : 1) * (2 - framesOnly);
  return {
    widthPx: columns * 16 - (left! + right!) * unitX,
    heightPx: rows * 16 * (2 - framesOnly) - (top! + bottom!) * unitY,
    interlaced: framesOnly === 0,
    profile,
    plain: chroma <= 1 && deeper === 0,
    colour,
    delayBits,
  };
}

/** What begins the video usability information (E.1.1). */
function colourIn(bits: Bits): Colour {
  const extendedRatio = 255;
  if (bits.read(1) === 1 && bits.read(8) === extendedRatio) bits.read(32);
  if (bits.read(1) === 1) bits.read(1); // overscan
  if (bits.read(1) === 0) return colourOf(untold, false);
  bits.read(3); // video_format
  const fullRange = bits.read(1) === 1;
  if (bits.read(1) === 0) return colourOf(untold, fullRange);
  const [primaries, transfer, matrix] = [bits.read(8), bits.read(8), bits.read(8)];
  return colourOf({ primaries, transfer, matrix }, fullRange);
}

/** What comes after the colours there. */
function delayBitsIn(bits: Bits): number | null {
  if (bits.read(1) === 1) {
    bits.golomb(); // where the chroma samples lie
    bits.golomb();
  }
  if (bits.read(1) === 1) bits.read(65); // ticks
  const lengths = [0, 1].flatMap(() => (bits.read(1) === 1 ? [delayBitsOf(bits)] : []));
  if (lengths.length > 0) bits.read(1); // low delay
  const hasForm = bits.read(1) === 1;
  return hasForm ? (lengths[0] ?? 0) : null;
}

/** A reference decoder (E.1.2); both that a set may have tell the same lengths. */
function delayBitsOf(bits: Bits): number {
  const buffers = Math.min(bits.golomb() + 1, 32);
  bits.read(8); // scales
  for (let n = 0; n < buffers; n++) {
    bits.golomb();
    bits.golomb();
    bits.read(1);
  }
  bits.read(5);
  const [removal, output] = [bits.read(5) + 1, bits.read(5) + 1];
  bits.read(5);
  return removal + output;
}

function skipScalingList(bits: Bits, size: number): void {
  let [last, next] = [8, 8];
  for (let n = 0; n < size; n++) {
    if (next !== 0) {
      const code = bits.golomb();
      const delta = code % 2 === 1 ? (code + 1) / 2 : -code / 2;
      next = (last + delta + 256) % 256;
    }
    if (next !== 0) last = next;
  }
}

/** 0 0 3 stands for 0 0. */
export function withoutEmulation(bytes: Buffer): Buffer {
  const isEmulation = (byte: number, n: number) =>
    byte === 3 && bytes[n - 1] === 0 && bytes[n - 2] === 0;
  return Buffer.from(bytes.filter((byte, n) => !isEmulation(byte, n)));
}

export class Bits {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isOver(): boolean {
    return this.#at > this.#bytes.length * 8;
  }

  read(count: number): number {
    let value = 0;
    for (let left = count; left > 0; left--, this.#at++) {
      value = value * 2 + (((this.#bytes[this.#at >> 3] ?? 0) >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }

  golomb(): number {
    let zeros = 0;
    while (zeros < 32 && !this.isOver && this.read(1) === 0) zeros++;
    return 2 ** zeros - 1 + this.read(zeros);
  }
}
