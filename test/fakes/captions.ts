/** Caption data and the active format, as an encoder puts them into H.264 (ATSC A/53 part 4, 6.2.3). */
const startCode = Buffer.from([0, 0, 1]);
const owner = [0xb5, 0x00, 0x31];

/** A NAL unit of one SEI message, without its start code. */
export function userData(payload: readonly number[]): Buffer {
  const bytes = [...owner, ...payload];
  return Buffer.from([6, 4, bytes.length, ...bytes, 0x80]);
}

const odd = (code: number): number => {
  const ones = [...code.toString(2)].filter((bit) => bit === "1").length;
  return ones % 2 === 1 ? code : code | 0x80;
};

/** Two letters of CEA-608, field 1; null: the channel is there and says nothing. */
export function caption(letters: string | null): Buffer {
  const [one, two] = letters === null ? [0x80, 0x80] : [...Buffer.from(letters)].map(odd);
  return userData([...Buffer.from("GA94"), 3, 0x41, 0xff, 0xfc, one!, two!, 0xff]);
}

/** AFD: 16:9, full frame. */
export const activeFormat = userData([...Buffer.from("DTG1"), 0x41, 0xfa]);

/** With caption data in front of the first slice of each picture of this byte stream (annex B). */
export function withCaptions(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let done = 0;
  let pictures = 0;
  for (let at = bytes.indexOf(startCode); at !== -1; at = bytes.indexOf(startCode, at + 3)) {
    const isSlice = [1, 5].includes(bytes[at + 3]! & 31);
    const isFirst = (bytes[at + 4]! & 0x80) !== 0;
    if (!isSlice || !isFirst) continue;
    const from = bytes[at - 1] === 0 ? at - 1 : at;
    const letter = String.fromCharCode(65 + (pictures++ % 26));
    parts.push(
      bytes.subarray(done, from),
      Buffer.from([0, ...startCode]),
      caption(letter + letter),
    );
    done = from;
  }
  return Buffer.concat([...parts, bytes.subarray(done)]);
}
