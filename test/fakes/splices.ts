import { crc32 } from "../../machines/stream/crc-32.ts";

/**
 * A `splice_insert` out of the network, SCTE 35 (9.7.3).
 *
 * @param p.pts of the picture, 90 kHz @param p.isOut false: back into it
 */
export function spliceInsert(p: { event: number; pts: number; isOut?: boolean }): Buffer {
  const { event, pts, isOut = true } = p;
  const section = Buffer.alloc(40);
  section.writeUInt16BE(0xfc30);
  section[2] = section.length - 3;
  section.writeUIntBE(0xff_ff_f0_14, 9, 4); // cw_index 0xff, tier 0xfff, 20 bytes of command
  section[13] = 0x05;
  section.writeUInt32BE(event, 14);
  section[18] = 0x7f;
  section[19] = isOut ? 0xef : 0x6f; // the whole programme, with a duration
  const ticks = pts % 2 ** 33;
  section[20] = 0xfe | Math.floor(ticks / 2 ** 32);
  section.writeUInt32BE(ticks % 2 ** 32, 21);
  section[25] = 0xfe; // returns by itself
  section.writeUInt32BE(30 * 90_000, 26);
  section.writeUInt16BE(1, 30);
  return withChecksum(section);
}

export function withChecksum(section: Buffer): Buffer {
  section.writeUInt32BE(crc32(section.subarray(0, -4)), section.length - 4);
  return section;
}
