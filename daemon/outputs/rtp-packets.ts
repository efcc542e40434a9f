/** A transport stream in RTP, RFC 2250: whole packets, each with as much as fits a datagram. */
import { randomInt } from "node:crypto";
import type { Ticks } from "../relay/frame.ts";

export const tsBytes = 7 * 188;
const headerBytes = 12;
export const rtpBytes = headerBytes + tsBytes;

export class RtpPackets {
  readonly #source = randomInt(2 ** 32);
  #sequence = randomInt(2 ** 16);
  #rest = Buffer.alloc(0);

  /** @returns all that is full by now; it may be nothing */
  of(bytes: Buffer, at: Ticks): Buffer {
    const all = Buffer.concat([this.#rest, bytes]);
    const count = Math.floor(all.length / tsBytes);
    const packets = Buffer.alloc(count * rtpBytes);
    for (let n = 0; n < count; n++) {
      const to = n * rtpBytes;
      packets.writeUInt16BE(0x8021, to); // version 2, payload MP2T
      packets.writeUInt16BE(this.#sequence, to + 2);
      packets.writeUInt32BE(at % 2 ** 32, to + 4);
      packets.writeUInt32BE(this.#source, to + 8);
      all.copy(packets, to + headerBytes, n * tsBytes, (n + 1) * tsBytes);
      this.#sequence = (this.#sequence + 1) % 2 ** 16;
    }
    this.#rest = all.subarray(count * tsBytes);
    return packets;
  }
}
