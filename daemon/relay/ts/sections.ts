/** Sections that may be longer than a packet, H.222.0 (2.4.4): a pointer, sections, stuffing. */
import { wrapped } from "./clock-33.ts";
import { packetBytes, syncByte } from "./packets.ts";

const nothing: Buffer = Buffer.alloc(0);
const stuffing = 0xff;
const headerBytes = 4;
const clockFieldBytes = 8;

/** Puts the sections of one PID together again. */
export class SectionCutter {
  readonly #tell: (section: Buffer) => void;
  #rest = nothing;
  #last = { continuity: -1, payload: nothing };

  /** @param tell with the bytes that its length says, whatever stands in them */
  constructor(tell: (section: Buffer) => void) {
    this.#tell = tell;
  }

  /** @param starts a section begins in this packet */
  take(bytes: Buffer, from: number, to: number, starts: boolean, continuity: number): void {
    const payload = Buffer.from(bytes.subarray(from, to));
    const last = this.#last;
    // A packet may be sent twice.
    if (continuity === last.continuity && payload.equals(last.payload)) return;
    const goesOn = continuity === ((last.continuity + 1) & 15);
    this.#last = { continuity, payload };
    if (!goesOn) this.#rest = nothing;
    if (!starts) return this.#cut(payload);
    const next = 1 + (payload[0] ?? 0);
    this.#cut(payload.subarray(1, next));
    this.#begin(payload.subarray(next));
  }

  /** Nothing goes on of which the beginning never came. */
  #cut(more: Buffer): void {
    if (this.#rest.length > 0) this.#begin(Buffer.concat([this.#rest, more]));
  }

  #begin(bytes: Buffer): void {
    let left = bytes;
    while (left.length >= 3 && left[0] !== stuffing) {
      const length = 3 + (left.readUInt16BE(1) & 0x0fff);
      if (left.length < length) break;
      this.#tell(left.subarray(0, length));
      left = left.subarray(length);
    }
    this.#rest = left[0] === stuffing ? nothing : left;
  }
}

/**
 * A section in packets of its own.
 *
 * @param p.next its continuity counter, of each packet
 * @param p.clock where in the programme it stands: told as the clock's time of its first packet
 */
export function sectionPackets(
  section: Uint8Array,
  p: { pid: number; next: () => number; clock?: number },
): Buffer {
  const packets: Buffer[] = [];
  for (let at = 0; at < section.length;) {
    const isFirst = at === 0;
    const packet = Buffer.alloc(packetBytes, stuffing);
    packet[0] = syncByte;
    packet.writeUInt16BE((isFirst ? 0x4000 : 0) | p.pid, 1);
    packet[3] = 0x10 | p.next();
    let from = headerBytes;
    if (isFirst && p.clock !== undefined) {
      packet[3] |= 0x20;
      packet[from] = clockFieldBytes - 1;
      packet[from + 1] = 0x10;
      writeClock(packet, from + 2, p.clock);
      from += clockFieldBytes;
    }
    if (isFirst) packet[from++] = 0;
    const room = Math.min(packetBytes - from, section.length - at);
    packet.set(section.subarray(at, at + room), from);
    at += room;
    packets.push(packet);
  }
  return Buffer.concat(packets);
}

/** The base of a programme clock reference, H.222.0 (2.4.3.5). @param ticks of 90 kHz */
export function writeClock(bytes: Buffer, at: number, ticks: number): void {
  const clock = wrapped(ticks);
  bytes.writeUInt32BE(Math.floor(clock / 2), at);
  bytes[at + 4] = ((clock % 2) << 7) | 0x7e;
  bytes[at + 5] = 0;
}

/** @param at where the packet begins @returns undefined where it tells none */
export function clockOf(bytes: Buffer, at: number): number | undefined {
  const hasClock =
    (bytes[at + 3]! & 0x20) !== 0 && bytes[at + 4]! >= 7 && (bytes[at + 5]! & 0x10) !== 0;
  return hasClock ? bytes.readUInt32BE(at + 6) * 2 + (bytes[at + 10]! >> 7) : undefined;
}
