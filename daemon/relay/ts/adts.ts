/** AAC in ADTS, ISO/IEC 13818-7 (6.2): a PES packet holds several frames, one may span two. */
import type { Ticks } from "../frame.ts";
import type { PesUnit } from "./pes.ts";

const headerBytes = 7;
const samplesPerBlock = 1024;
const sampleRatesHz = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
  7_350,
];

export type AdtsFrame = { pts: Ticks; payload: Buffer; damaged: boolean; gapBefore: boolean };

/** Cuts PES packets of one stream into frames, each with a time of its own. */
export class AdtsCutter {
  #rest: Buffer | undefined;
  #restPts: Ticks = 0;

  /** @param pts unrolled time of the first frame that *begins* in the unit */
  cut(unit: PesUnit, pts: Ticks, tell: (frame: AdtsFrame) => void): void {
    const continued = this.#rest !== undefined && !unit.gapBefore && !unit.damaged;
    const bytes = continued ? Buffer.concat([this.#rest!, unit.payload]) : unit.payload;
    let next = continued ? this.#restPts : pts;
    let first = continued;
    let { gapBefore } = unit;
    if (this.#rest !== undefined && !continued) gapBefore = true;
    this.#rest = undefined;

    for (let at = 0; at < bytes.length;) {
      const header = readHeader(bytes, at);
      if (header === undefined) {
        if (bytes.length - at < headerBytes && !unit.damaged) {
          this.#keep(bytes.subarray(at), next);
          return;
        }
        // No frame where one must be: what is left of the unit cannot be told apart.
        tell({ pts: next, payload: bytes.subarray(at), damaged: true, gapBefore });
        return;
      }
      if (at + header.bytes > bytes.length && !unit.damaged) {
        this.#keep(bytes.subarray(at), next);
        return;
      }
      const payload = bytes.subarray(at, at + header.bytes);
      tell({ pts: next, payload, damaged: unit.damaged, gapBefore });
      gapBefore = false;
      // The unit's own time is that of the first frame that begins in it.
      next = first ? pts : next + header.ticks;
      first = false;
      at += header.bytes;
    }
  }

  #keep(rest: Buffer, pts: Ticks): void {
    this.#rest = rest;
    this.#restPts = pts;
  }
}

/** A sound as its ADTS header tells it. */
export type Aac = {
  objectType: number;
  rateIndex: number;
  rateHz: number;
  /** As a configuration of the standard counts them: 7 has eight. */
  channels: number;
};

/** How many there are; undefined where that stands within the frames. */
export function channelsOf({ channels }: Aac): number | undefined {
  return channels === 0 ? undefined : channels === 7 ? 8 : channels;
}

/** @returns undefined where the header names no sample rate */
export function aacOf(header: Buffer): Aac | undefined {
  const rateIndex = (header[2]! >> 2) & 15;
  const rateHz = sampleRatesHz[rateIndex];
  if (rateHz === undefined) return undefined;
  const channels = ((header[2]! & 1) << 2) | (header[3]! >> 6);
  return { objectType: (header[2]! >> 6) + 1, rateIndex, rateHz, channels };
}

/** How long the frame plays that these bytes begin with. */
export function adtsTicks(frame: Buffer): Ticks {
  return readHeader(frame, 0)?.ticks ?? 0;
}

function readHeader(bytes: Buffer, at: number): { bytes: number; ticks: Ticks } | undefined {
  if (at + headerBytes > bytes.length) return undefined;
  // Twelve bits of sync and a layer of 0.
  if (bytes[at] !== 0xff || (bytes[at + 1]! & 0xf6) !== 0xf0) return undefined;
  const sampleRateHz = sampleRatesHz[(bytes[at + 2]! >> 2) & 15];
  const length = ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5);
  if (sampleRateHz === undefined || length <= headerBytes) return undefined;
  const blocks = 1 + (bytes[at + 6]! & 3);
  return { bytes: length, ticks: Math.round((blocks * samplesPerBlock * 90_000) / sampleRateHz) };
}
