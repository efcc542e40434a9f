/** Puts PES packets together from the packets of one PID, H.222.0 (2.4.3.6). */
import { readTimestamp } from "./clock-33.ts";

/** What one PES packet carried. Times are the raw 33 bits. */
export type PesUnit = {
  pts: number;
  dts: number;
  payload: Buffer;
  damaged: boolean;
  gapBefore: boolean;
};

const fixedHeader = 9;
/** More than any coded picture: a stream that never begins a new PES packet ends here. */
const mostBytes = 16 * 2 ** 20;

export class PesAssembler {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #length = 0;
  /** Whole length where the header tells it, else 0: it ends where the next begins. */
  #whole = 0;
  #open = false;
  #damaged = false;
  #gapBefore = false;
  readonly #tell: (unit: PesUnit) => void;

  constructor(tell: (unit: PesUnit) => void) {
    this.#tell = tell;
  }

  /** Packets are missing here, or cannot be believed. */
  gap(): void {
    if (this.#open) this.#damaged = true;
    else this.#gapBefore = true;
  }

  begin(packet: Buffer, from: number, to: number): void {
    this.end();
    this.#open = true;
    this.#length = 0;
    this.#whole = 0;
    this.#damaged = false;
    this.add(packet, from, to);
  }

  /** What is open has nothing more to come. */
  end(): void {
    if (this.#open) this.#finish();
  }

  add(packet: Buffer, from: number, to: number): void {
    if (!this.#open) return;
    const length = this.#length + to - from;
    if (length > this.#bytes.length) {
      if (length > mostBytes) return this.#refuse();
      const larger = Buffer.allocUnsafeSlow(this.#bytes.length * 2);
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    packet.copy(this.#bytes, this.#length, from, to);
    if (this.#length < 6 && length >= 6) {
      const told = this.#bytes.readUInt16BE(4);
      this.#whole = told === 0 ? 0 : told + 6;
    }
    this.#length = length;
    if (this.#whole > 0 && length >= this.#whole) this.#finish();
  }

  #finish(): void {
    const { damaged, gapBefore } = { damaged: this.#damaged, gapBefore: this.#gapBefore };
    const end = this.#whole > 0 ? this.#whole : this.#length;
    const header = readHeader(this.#bytes.subarray(0, Math.min(end, this.#length)));
    if (header === undefined) return this.#refuse();
    this.#open = false;
    this.#gapBefore = false;
    this.#tell({
      pts: header.pts,
      dts: header.dts,
      payload: Buffer.from(this.#bytes.subarray(header.payloadAt, end)),
      damaged: damaged || this.#length !== end,
      gapBefore,
    });
  }

  #refuse(): void {
    this.#open = false;
    this.#gapBefore = true;
  }
}

/** Undefined when this is no PES packet with a presentation time. */
function readHeader(bytes: Buffer): { pts: number; dts: number; payloadAt: number } | undefined {
  if (bytes.length < fixedHeader || bytes.readUIntBE(0, 3) !== 1) return undefined;
  const payloadAt = fixedHeader + bytes[8]!;
  const times = bytes[7]! >> 6;
  if (bytes[6]! >> 6 !== 2 || payloadAt > bytes.length || times < 2) return undefined;
  if (bytes[8]! < (times === 3 ? 10 : 5)) return undefined;
  // The four bits before a PTS say again whether a DTS follows.
  if (bytes[fixedHeader]! >> 4 !== times) return undefined;
  const pts = readTimestamp(bytes, fixedHeader);
  const dts = times === 3 ? readTimestamp(bytes, fixedHeader + 5) : pts;
  return pts === undefined || dts === undefined ? undefined : { pts, dts, payloadAt };
}
