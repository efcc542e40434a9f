/** Fragmented MP4 of one picture track and its sounds: ISO/IEC 14496-12, -14 and -15. */
import type { Frame, Ticks } from "../relay/frame.ts";
import { type Aac, aacOf } from "../relay/ts/adts.ts";
import { annexBUnits, delimiter, picture, sequence } from "../relay/ts/annex-b.ts";
import { pictureSet } from "../relay/ts/sps.ts";
import type { Format } from "./segmenter.ts";

const videoRate = 90_000;
const samplesPerFrame = 1024;
const keySample = 0x02000000;
const otherSample = 0x01010000;

type Track = { id: number; track: number; aac?: Aac };
type Sample = { at: number; length: number; flags: number; offset: number; payload: Buffer };

/**
 * What goes into the file that stands before all segments of one form.
 * @param only this track is in them, alone
 */
export function initOf(format: Format, only?: number): Buffer {
  const tracks = tracksOf(format, only);
  const mvhd = full("mvhd", 0, 0, u32(0, 0, 1_000, 0, 0x10000), u16(0x100, 0), zeros(8), matrix, zeros(24), u32(format.streams.length + 1)); // prettier-ignore
  const mvex = tracks.map(({ id }) => full("trex", 0, 0, u32(id, 1, 0, 0, 0)));
  return Buffer.concat([
    box("ftyp", Buffer.from("iso6"), u32(0x200), Buffer.from("iso6mp41avc1")),
    box("moov", mvhd, ...tracks.map((track) => trak(track, format)), box("mvex", ...mvex)),
  ]);
}

/** Puts the frames of one form together to fragments of a segment. */
export class Fragments {
  readonly #tracks: Track[];
  readonly #waiting = new Map<number, Frame[]>();
  #number = 0;

  constructor(format: Format, only?: number) {
    this.#tracks = tracksOf(format, only);
  }

  take(frame: Frame): void {
    const frames = this.#waiting.get(frame.track) ?? [];
    this.#waiting.set(frame.track, [...frames, frame]);
  }

  /** All that came. @param endDts where the next picture begins */
  cut(endDts: Ticks): Buffer {
    const parts = this.#tracks.flatMap((track) => {
      const frames = this.#waiting.get(track.track) ?? [];
      const samples = track.aac ? sounds(frames, track.aac) : pictures(frames, endDts);
      return samples.length === 0 ? [] : [{ track, samples }];
    });
    this.#waiting.clear();
    this.#number++;
    const data = parts.flatMap(({ samples }) => samples.map(({ payload }) => payload));
    // Where the samples stand depends on how long the head is, which does not depend on where.
    const head = (dataAt: number) => this.#moof(parts, dataAt);
    return Buffer.concat([head(head(0).length + 8), box("mdat", ...data)]);
  }

  #moof(parts: { track: Track; samples: Sample[] }[], dataAt: number): Buffer {
    let at = dataAt;
    const trafs = parts.map(({ track, samples }) => {
      const rows = samples.map(({ length, payload, flags, offset }) =>
        u32(length, payload.length, flags, offset),
      );
      const own = at;
      at += samples.reduce((sum, { payload }) => sum + payload.length, 0);
      return box(
        "traf",
        full("tfhd", 0, 0x020000, u32(track.id)),
        full("tfdt", 1, 0, u64(samples[0]!.at)),
        full("trun", 1, 0x000f01, u32(samples.length, own), ...rows),
      );
    });
    return box("moof", full("mfhd", 0, 0, u32(this.#number)), ...trafs);
  }
}

function pictures(frames: Frame[], endDts: Ticks): Sample[] {
  return frames.map(({ dts, pts, key, payload }, n) => ({
    at: dts,
    length: (frames[n + 1]?.dts ?? Math.max(endDts, dts + 1)) - dts,
    flags: key ? keySample : otherSample,
    offset: pts - dts,
    payload: withLengths(payload),
  }));
}

/** What a decoder is told before the first picture does not stand in the samples. */
function withLengths(payload: Buffer): Buffer {
  const outOfBand = [sequence, picture, delimiter];
  const units = annexBUnits(payload).filter((unit) => !outOfBand.includes(unit[0]! & 31));
  return Buffer.concat(units.flatMap((unit) => [u32(unit.length), unit]));
}

function sounds(frames: Frame[], { rateHz }: Aac): Sample[] {
  const at = ({ dts }: Frame) => Math.round((dts * rateHz) / videoRate);
  return frames.map((frame, n) => {
    const next = frames[n + 1];
    // Without CRC the header has two bytes less.
    const header = (frame.payload[1]! & 1) === 1 ? 7 : 9;
    return {
      at: at(frame),
      length: next ? Math.max(1, at(next) - at(frame)) : samplesPerFrame,
      flags: keySample,
      offset: 0,
      payload: frame.payload.subarray(header),
    };
  });
}

function tracksOf({ streams, adts }: Format, only?: number): Track[] {
  return streams.flatMap((_, track): Track[] => {
    if (only !== undefined && only !== track) return [];
    if (track === 0) return [{ id: 1, track }];
    const aac = adts[track] && aacOf(adts[track]);
    return aac ? [{ id: track + 1, track, aac }] : [];
  });
}

function trak({ id, aac }: Track, { sps, pps }: Format): Buffer {
  const { widthPx, heightPx } = pictureSet(sps) ?? { widthPx: 0, heightPx: 0 };
  const size = aac ? u32(0, 0) : u32(widthPx * 0x10000, heightPx * 0x10000);
  const tkhd = full("tkhd", 0, 3, u32(0, 0, id, 0, 0), zeros(8), u16(0, aac ? 1 : 0, aac ? 0x100 : 0, 0), matrix, size); // prettier-ignore
  const mdhd = full("mdhd", 0, 0, u32(0, 0, aac?.rateHz ?? videoRate, 0), u16(0x55c4, 0));
  const hdlr = full("hdlr", 0, 0, u32(0), Buffer.from(aac ? "soun" : "vide"), zeros(13));
  const dinf = box("dinf", full("dref", 0, 0, u32(1), full("url ", 0, 1)));
  const entry = aac ? mp4a(aac) : avc1(sps, pps, { widthPx, heightPx });
  const stbl = box(
    "stbl",
    full("stsd", 0, 0, u32(1), entry),
    ...["stts", "stsc", "stco"].map((type) => full(type, 0, 0, u32(0))),
    full("stsz", 0, 0, u32(0, 0)),
  );
  const head = aac ? full("smhd", 0, 0, u32(0)) : full("vmhd", 0, 1, zeros(8));
  return box("trak", tkhd, box("mdia", mdhd, hdlr, box("minf", head, dinf, stbl)));
}

function avc1(sps: Buffer, pps: Buffer, p: { widthPx: number; heightPx: number }): Buffer {
  const avcC = box(
    "avcC",
    // Version, profile, constraints and level; lengths of four bytes; one set of each kind.
    Buffer.from([1, sps[1]!, sps[2]!, sps[3]!, 0xff, 0xe1]),
    u16(sps.length),
    sps,
    Buffer.from([1]),
    u16(pps.length),
    pps,
  );
  const form = [u16(p.widthPx, p.heightPx), u32(0x480000, 0x480000, 0), u16(1), zeros(32)];
  return box("avc1", zeros(6), u16(1), zeros(16), ...form, u16(0x18, 0xffff), avcC);
}

function mp4a({ objectType, rateIndex, rateHz, channels }: Aac): Buffer {
  const config = u16((objectType << 11) | (rateIndex << 7) | (channels << 3));
  const decoder = descriptor(4, Buffer.from([0x40, 0x15]), zeros(11), descriptor(5, config));
  const esds = descriptor(3, u16(0), zeros(1), decoder, descriptor(6, Buffer.from([2])));
  const form = [u16(channels, 16), u32(0, rateHz * 0x10000)];
  return box("mp4a", zeros(6), u16(1), zeros(8), ...form, full("esds", 0, 0, esds));
}

function descriptor(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, body.length]), body]);
}

function box(type: string, ...parts: Buffer[]): Buffer {
  const length = 8 + parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([u32(length), Buffer.from(type, "latin1"), ...parts]);
}

const full = (type: string, version: number, flags: number, ...parts: Buffer[]): Buffer =>
  box(type, u32(version * 0x1000000 + flags), ...parts);

function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [n, value] of values.entries()) bytes.writeUInt16BE(value, 2 * n);
  return bytes;
}
function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  // Also of negative ones: a picture may be shown before it is decoded by the clock of the track.
  for (const [n, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * n);
  return bytes;
}
function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(Math.max(0, value)));
  return bytes;
}
const zeros = (count: number): Buffer => Buffer.alloc(count);
const matrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
