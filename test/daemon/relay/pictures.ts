/** Frames that look to the relay like those of an encoder; what they show is a number. */

const numberAt = 12;

/** Every twelfth is an IDR picture with its parameter sets, the others are slices between. */
export function picture(n: number, bytes = 200, gop = 12) {
  const key = n % gop === 0;
  const payload = Buffer.alloc(Math.max(bytes, 40), 0xaa);
  // Access unit delimiter; then the slice: first macroblock 0, type I (7) or P (5), set 0.
  payload.set([0, 0, 1, 0x09, 0xf0, 0, 0, 1, key ? 0x65 : 0x41, key ? 0x88 : 0x9a]);
  // Its top bits are set, so that no start code may come about in it.
  payload.set(
    [21, 14, 7, 0].map((shift) => 0x80 | ((n >> shift) & 0x7f)),
    numberAt,
  );
  return { track: 0, key, payload };
}

/** @returns the number it was made with */
export function numberOf(payload: Buffer): number {
  const digits = payload.subarray(numberAt, numberAt + 4);
  return digits.reduce((value, digit) => value * 128 + (digit & 0x7f), 0);
}

/** An AAC-LC frame of 48 kHz stereo, of this length with its header. */
export function adtsFrame(bytes: number, n = 0): Buffer {
  const frame = Buffer.alloc(bytes, 0x21);
  frame.set([
    0xff,
    0xf1,
    0x4c,
    0x80 | (bytes >> 11),
    (bytes >> 3) & 0xff,
    ((bytes & 7) << 5) | 0x1f,
    0xfc,
  ]);
  frame.writeUInt32BE(n, 8);
  return frame;
}
export const soundNumberOf = (frame: Buffer) => frame.readUInt32BE(8);
