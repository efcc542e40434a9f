/** Program association and program map tables, H.222.0 (2.4.4). */
import { crc32 } from "../../../machines/stream/crc-32.ts";
import type { ElementaryStream } from "../frame.ts";

export type MappedStream = ElementaryStream & { pid: number };

const bodyAt = 8;
const crcBytes = 4;

/** The PID of the first programme's map; undefined when this is no sound PAT. */
export function readPat(section: Buffer): number | undefined {
  if (section[0] !== 0x00 || crc32(section) !== 0) return undefined;
  for (let at = bodyAt; at + 4 <= section.length - crcBytes; at += 4) {
    // Programme 0 is the network information table.
    if (section.readUInt16BE(at) !== 0) return section.readUInt16BE(at + 2) & 0x1fff;
  }
  return undefined;
}

/** The streams of a programme in the order of its map; undefined when this is no sound PMT. */
export function readPmt(section: Buffer): MappedStream[] | undefined {
  if (section[0] !== 0x02 || section.length < 16 || crc32(section) !== 0) return undefined;
  const streams: MappedStream[] = [];
  const end = section.length - crcBytes;
  let at = 12 + (section.readUInt16BE(10) & 0x0fff);
  while (at + 5 <= end) {
    const next = at + 5 + (section.readUInt16BE(at + 3) & 0x0fff);
    if (next > end) return undefined;
    streams.push({
      streamType: section[at]!,
      pid: section.readUInt16BE(at + 1) & 0x1fff,
      descriptors: Buffer.from(section.subarray(at + 5, next)),
    });
    at = next;
  }
  return streams;
}

export function writePat(pmtPid: number): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt16BE(1, 0);
  body.writeUInt16BE(0xe000 | pmtPid, 2);
  return section(0x00, 0, body);
}

export function writePmt(pcrPid: number, version: number, streams: MappedStream[]): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(0xe000 | pcrPid, 0);
  head.writeUInt16BE(0xf000, 2);
  const rows = streams.map(({ streamType, pid, descriptors }) => {
    const row = Buffer.alloc(5);
    row[0] = streamType;
    row.writeUInt16BE(0xe000 | pid, 1);
    row.writeUInt16BE(0xf000 | descriptors.length, 3);
    return Buffer.concat([row, descriptors]);
  });
  return section(0x02, version, Buffer.concat([head, ...rows]));
}

/** One section that is in force now, of programme or transport stream 1. */
function section(tableId: number, version: number, body: Buffer): Buffer {
  const head = Buffer.alloc(bodyAt);
  head[0] = tableId;
  head.writeUInt16BE(0xb000 | (bodyAt - 3 + body.length + crcBytes), 1);
  head.writeUInt16BE(1, 3);
  head[5] = 0xc1 | ((version & 31) << 1);
  const withoutCrc = Buffer.concat([head, body]);
  const crc = Buffer.alloc(crcBytes);
  crc.writeUInt32BE(crc32(withoutCrc));
  return Buffer.concat([withoutCrc, crc]);
}

/** Of an ISO_639_language_descriptor, H.222.0 (2.6.18). */
export function languageIn(descriptors: Buffer): string | undefined {
  for (let at = 0; at + 1 < descriptors.length; at += 2 + descriptors[at + 1]!) {
    const code = descriptors.toString("latin1", at + 2, at + 5);
    if (descriptors[at] === 0x0a && /^[a-z]{3}$/.test(code)) return code;
  }
  return undefined;
}
