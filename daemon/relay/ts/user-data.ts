/**
 * What an access unit brings receivers besides its picture: user data in SEI messages (H.264, D.1.6)
 * as ATSC A/53 part 4 (6.2.3) has it: captions, and the active format.
 */
import { Bits, withoutEmulation } from "./sps.ts";

/** Of `nal_unit_type`, table 7-1. */
const supplement = 6;
const registered = 4;
const pictureTiming = 1;
/** United States, ATSC. */
const owner = Buffer.from([0xb5, 0x00, 0x31]);
const captionData = 3;

export type UserData = {
  /** Caption data comes; between two sentences it is empty, and comes all the same. */
  captions: boolean;
  activeFormat: boolean;
  /** Hours, minutes, seconds and the number of the frame (D.1.3). */
  timecode: boolean;
};

/**
 * @param unit with its NAL header
 * @param delayBits as its sequence parameter set tells it, where that is known
 * @returns undefined where it is no such message
 */
export function userDataIn(unit: Buffer, delayBits: number | null = null): UserData | undefined {
  if ((unit[0]! & 31) !== supplement) return undefined;
  const bytes = withoutEmulation(unit.subarray(1));
  const found = { captions: false, activeFormat: false, timecode: false };
  // Its last byte ends it with a bit.
  for (let at = 0; at + 2 < bytes.length;) {
    let [type, size] = [0, 0];
    for (; bytes[at] === 0xff; at++) type += 255;
    type += bytes[at++]!;
    for (; bytes[at] === 0xff; at++) size += 255;
    size += bytes[at++] ?? 0;
    const payload = bytes.subarray(at, at + size);
    at += size;
    if (type === pictureTiming && delayBits !== null)
      found.timecode ||= hasTimecode(payload, delayBits);
    if (type !== registered || payload.length < size || !isOwned(payload)) continue;
    const kind = payload.toString("latin1", 3, 7);
    if (kind === "GA94" && payload[7] === captionData) found.captions ||= countOf(payload) > 0;
    if (kind === "DTG1") found.activeFormat ||= (payload[7]! & 0x40) !== 0;
  }
  return found;
}

/** How many times there may be, by `pic_struct` (table D-1). */
const clocks = [1, 1, 1, 2, 2, 3, 3, 2, 3];

function hasTimecode(payload: Buffer, delayBits: number): boolean {
  const bits = new Bits(payload);
  bits.read(delayBits);
  const most = clocks[bits.read(4)] ?? 0;
  const flags = Array.from({ length: most }, () => bits.read(1));
  // What stands behind a first one that is there is no flag any more, and does not matter.
  return !bits.isOver && flags.includes(1);
}

const isOwned = (payload: Buffer) => payload.length > 7 && payload.subarray(0, 3).equals(owner);

/** How many triples of caption bytes there are; 0 as well where they are told to be ignored. */
function countOf(payload: Buffer): number {
  const flags = payload[8] ?? 0;
  return (flags & 0x40) === 0 ? 0 : flags & 31;
}
