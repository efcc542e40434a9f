/**
 * Writes FLV of one H.264 picture and one AAC sound (Adobe FLV 10.1, annex E). Whenever parameter
 * sets or the form of the sound change, the far end is given a header of its own for it: what a
 * transport stream tells only in band, and what a remux of that keeps from its beginning.
 */
import { annexBUnits, delimiter, picture, sequence } from "../ts/annex-b.ts";
import { type ElementaryStream, type Ticks, ticksPerMs } from "../frame.ts";
import type { OutFrame } from "../restamp.ts";
import { crc32 } from "../../../machines/stream/crc-32.ts";

/** What must go on when another process writes the rest of the stream. */
export type FlvState = {
  /** Output time that is 0 here. */
  origin: Ticks | null;
  /** Time of the last picture, ms. */
  videoMs: number;
  /** Of the headers in force, by track. */
  headers: (number | null)[];
};

const [audioTag, videoTag] = [8, 9];
const adtsHeaderBytes = 7;

export class FlvMux {
  readonly #hasSound: boolean;
  readonly #state: FlvState;

  constructor(streams: ElementaryStream[], state?: FlvState) {
    this.#hasSound = streams.length > 1;
    this.#state = state ? structuredClone(state) : { origin: null, videoMs: -1, headers: [] };
  }

  state(): FlvState {
    return structuredClone(this.#state);
  }

  /** FLV tells of them with each change itself. */
  setStreams(): void {
    return undefined;
  }

  /** Whole tags; nothing of a second sound, for which there is no room. */
  write(frame: OutFrame): Buffer {
    const tags: Buffer[] = [];
    if (this.#state.origin === null) {
      this.#state.origin = frame.dts;
      tags.push(Buffer.from([0x46, 0x4c, 0x56, 1, this.#hasSound ? 5 : 1, 0, 0, 0, 9, 0, 0, 0, 0]));
    }
    const ms = Math.max(0, Math.round((frame.dts - this.#state.origin) / ticksPerMs));
    if (frame.track === 0) tags.push(...this.#picture(frame, ms));
    else if (frame.track === 1) tags.push(...this.#sound(frame.payload, ms));
    return Buffer.concat(tags);
  }

  #picture({ pts, dts, key, payload }: OutFrame, dtsMs: number): Buffer[] {
    const ms = Math.max(dtsMs, this.#state.videoMs + 1);
    this.#state.videoMs = ms;
    const units = annexBUnits(payload).filter((unit) => typeOf(unit) !== delimiter);
    const header = configuration(units);
    const sized = units.flatMap((unit) => {
      const size = Buffer.alloc(4);
      size.writeUInt32BE(unit.length);
      return [size, unit];
    });
    const head = Buffer.from([key ? 0x17 : 0x27, 1, 0, 0, 0]);
    head.writeIntBE(Math.round((pts - dts) / ticksPerMs), 2, 3);
    return [
      ...(header && this.#isNew(0, header) ? tag(videoTag, ms, [avcHeader, header]) : []),
      ...tag(videoTag, ms, [head, ...sized]),
    ];
  }

  #sound(adts: Buffer, ms: number): Buffer[] {
    const [profile, rate] = [adts[2]! >> 6, (adts[2]! >> 2) & 15];
    const channels = ((adts[2]! & 1) << 2) | (adts[3]! >> 6);
    // AudioSpecificConfig, ISO/IEC 14496-3 (1.6.2.1).
    const header = Buffer.alloc(2);
    header.writeUInt16BE(((profile + 1) << 11) | (rate << 7) | (channels << 3));
    const hasChecksum = (adts[1]! & 1) === 0;
    const raw = adts.subarray(adtsHeaderBytes + (hasChecksum ? 2 : 0));
    return [
      ...(this.#isNew(1, header) ? tag(audioTag, ms, [aacHeader, header]) : []),
      ...tag(audioTag, ms, [aacFrame, raw]),
    ];
  }

  #isNew(track: number, header: Buffer): boolean {
    const sum = crc32(header);
    if (this.#state.headers[track] === sum) return false;
    this.#state.headers[track] = sum;
    return true;
  }
}

/** AVC of a keyframe, configuration, no offset; AAC of 44 kHz stereo, as all AAC is marked. */
const avcHeader = Buffer.from([0x17, 0, 0, 0, 0]);
const [aacHeader, aacFrame] = [Buffer.from([0xaf, 0]), Buffer.from([0xaf, 1])];

const typeOf = (unit: Buffer): number => unit[0]! & 31;

/** AVCDecoderConfigurationRecord, ISO/IEC 14496-15 (5.2.4.1); undefined without parameter sets. */
function configuration(units: Buffer[]): Buffer | undefined {
  const sets = (type: number) => units.filter((unit) => typeOf(unit) === type);
  const [sequences, pictures] = [sets(sequence), sets(picture)];
  const [first] = sequences;
  if (first === undefined || pictures.length === 0) return undefined;
  const listed = (all: Buffer[]) =>
    all.flatMap((set) => {
      const size = Buffer.alloc(2);
      size.writeUInt16BE(set.length);
      return [size, set];
    });
  return Buffer.concat([
    Buffer.from([1, first[1]!, first[2]!, first[3]!, 0xff, 0xe0 | sequences.length]),
    ...listed(sequences),
    Buffer.from([pictures.length]),
    ...listed(pictures),
  ]);
}

function tag(type: number, ms: number, parts: Buffer[]): Buffer[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.alloc(11);
  head[0] = type;
  head.writeUIntBE(length, 1, 3);
  head.writeUIntBE(ms % 2 ** 24, 4, 3);
  head[7] = Math.floor(ms / 2 ** 24) & 0xff;
  const size = Buffer.alloc(4);
  size.writeUInt32BE(head.length + length);
  return [head, ...parts, size];
}
