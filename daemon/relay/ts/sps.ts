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
  const colour = colourIn(bits);
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
  };
}

/** What stands before it, and itself, of annex E.1.1. */
function colourIn(bits: Bits): Colour {
  if (bits.read(1) === 0) return colourOf(untold, false);
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

class Bits {
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
