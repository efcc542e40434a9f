/** What the relay must know of an H.264 access unit in Annex B form, H.264 (7.3, 7.4.1). */
export type AccessUnit = {
  /** Its slices are IDR: a decoder can begin here. */
  key: boolean;
  /** It needs no other picture and is no IDR all the same: in open GOPs keyframes are like that. */
  intra: boolean;
  /** It breaks the syntax, so its bytes are wrong. */
  broken: boolean;
};

const startCode = Buffer.from([0, 0, 1]);
const nonIdrSlice = 1;
const idrSlice = 5;
/** Table 7-1: 0 and above 23 do not occur in a byte stream; 22 and 23 are reserved. */
const highestUnit = 21;

export function inspectAccessUnit(bytes: Buffer): AccessUnit {
  let idr = 0;
  let others = 0;
  let broken = false;
  let intra = true;
  for (let at = bytes.indexOf(startCode); at !== -1; at = bytes.indexOf(startCode, at + 3)) {
    const header = bytes[at + 3];
    if (header === undefined) break;
    const type = header & 31;
    // forbidden_zero_bit
    if (header >> 7 === 1 || type === 0 || type > highestUnit) broken = true;
    if (type === idrSlice) idr++;
    if (type === nonIdrSlice) others++;
    if (type !== idrSlice && type !== nonIdrSlice) continue;
    const slice = sliceAt(bytes, at + 4);
    broken ||= slice === undefined || (type === idrSlice && !slice.intra);
    intra &&= slice?.intra === true;
  }
  return {
    key: idr > 0 && others === 0,
    intra: intra && others > 0,
    broken: broken || idr + others === 0 || idr * others > 0,
  };
}

/** The first numbers of a slice header: where it begins, its type. Undefined: it is none. */
function sliceAt(bytes: Buffer, at: number): { intra: boolean } | undefined {
  bits.begin(bytes, at);
  const first = bits.golomb();
  const type = bits.golomb();
  const parameterSet = bits.golomb();
  if (first === undefined || type === undefined || parameterSet === undefined) return undefined;
  if (type > 9 || parameterSet > 255) return undefined;
  return type % 5 === 2 || type % 5 === 4 ? intraSlice : otherSlice;
}
const [intraSlice, otherSlice] = [{ intra: true }, { intra: false }];

class BitReader {
  #bytes: Buffer = startCode;
  #at = 0;

  begin(bytes: Buffer, from: number): void {
    this.#bytes = bytes;
    this.#at = from * 8;
  }

  /** An unsigned Exp-Golomb number (9.1) of at most 16 bits; undefined when there is none. */
  golomb(): number | undefined {
    let zeros = 0;
    while (this.#bit() === 0) if (++zeros > 16) return undefined;
    let value = 1;
    for (let left = zeros; left > 0; left--) value = value * 2 + this.#bit();
    return this.#at > this.#bytes.length * 8 ? undefined : value - 1;
  }

  #bit(): number {
    const bit = ((this.#bytes[this.#at >> 3] ?? 0) >> (7 - (this.#at & 7))) & 1;
    this.#at++;
    return bit;
  }
}

/** One for all: where none is held V8 forgets with each collection how to work fast with it. */
const bits = new BitReader();
