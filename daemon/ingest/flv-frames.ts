/** FLV tags of a publisher as frames of a transport stream, with the publisher's own times. */
import {
  adtsStreamType,
  type ElementaryStream,
  type Frame,
  h264StreamType,
  ticksPerMs,
} from "../relay/frame.ts";

export type FlvFrame = Pick<Frame, "track" | "pts" | "dts" | "key" | "payload">;

const tagHeaderBytes = 11;
const soundTag = 8;
const pictureTag = 9;
const h264 = 7;
const aac = 10;
/** FLV counts ms in 32 bits: 49.7 days. */
const turnMs = 2 ** 32;
const startCode = Buffer.from([0, 0, 0, 1]);
const accessUnitDelimiter = Buffer.from([0, 0, 0, 1, 0x09, 0xf0]);
const parameterSets = 7;
const none = Buffer.alloc(0);

const picture: ElementaryStream = { streamType: h264StreamType, descriptors: none };
const sound: ElementaryStream = { streamType: adtsStreamType, descriptors: none };

/** One publisher, from its first tag to its last. */
export class FlvFrames {
  readonly #take: (frame: FlvFrame, streams: ElementaryStream[]) => void;
  readonly #wrong: (why: string) => void;
  /** Parameter sets in Annex B form, and how many bytes tell the length of a unit. */
  #video: { sets: Buffer; lengthBytes: number } | undefined;
  #audio: AdtsFields | undefined;
  #lastMs = 0;

  /** @param p.wrong something that it brings is left out, and why */
  constructor(p: {
    take: (frame: FlvFrame, streams: ElementaryStream[]) => void;
    wrong: (why: string) => void;
  }) {
    this.#take = p.take;
    this.#wrong = p.wrong;
  }

  /** @param bytes one whole tag */
  tag(bytes: Buffer): void {
    const type = bytes[0];
    const data = bytes.subarray(tagHeaderBytes, tagHeaderBytes + bytes.readUIntBE(1, 3));
    const ms = this.#unrolled(bytes.readUIntBE(4, 3) + bytes[7]! * 2 ** 24);
    if (type === pictureTag && data.length > 5) this.#picture(data, ms);
    if (type === soundTag && data.length > 2) this.#sound(data, ms);
  }

  #unrolled(ms: number): number {
    const turns = Math.round((this.#lastMs - ms) / turnMs);
    this.#lastMs = ms + turns * turnMs;
    return this.#lastMs;
  }

  #picture(data: Buffer, ms: number): void {
    if ((data[0]! & 15) !== h264) return this.#wrong("its picture is not H.264");
    const body = data.subarray(5);
    if (data[1] === 0) this.#video = parameterSetsIn(body);
    if (data[1] !== 1) return;
    if (this.#video === undefined) return this.#wrong("its picture has no parameter sets");
    const { sets, lengthBytes } = this.#video;
    const units = unitsIn(body, lengthBytes);
    if (units === undefined) return this.#wrong("a picture is cut");
    const key = data[0]! >> 4 === 1;
    const bringsSets = units.some((unit) => (unit[0]! & 31) === parameterSets);
    const parts = units.flatMap((unit) => [startCode, unit]);
    const payload = [accessUnitDelimiter, ...(key && !bringsSets ? [sets] : []), ...parts];
    // Signed: a picture that is shown before the one it was sent after.
    const laterMs = data.readIntBE(2, 3);
    const times = { pts: (ms + laterMs) * ticksPerMs, dts: ms * ticksPerMs };
    this.#tell({ track: 0, ...times, key, payload: Buffer.concat(payload) });
  }

  #sound(data: Buffer, ms: number): void {
    if (data[0]! >> 4 !== aac) return this.#wrong("its sound is not AAC");
    const body = data.subarray(2);
    if (data[1] === 0) {
      this.#audio = adtsFields(body);
      if (this.#audio === undefined) this.#wrong("its sound is AAC of an unusual kind");
      return;
    }
    // Pictures come first in the map; until then nobody could begin anyway.
    if (this.#audio === undefined || this.#video === undefined) return;
    const payload = Buffer.concat([adtsHeader(this.#audio, body.length), body]);
    this.#tell({ track: 1, pts: ms * ticksPerMs, dts: ms * ticksPerMs, key: false, payload });
  }

  #tell(frame: FlvFrame): void {
    this.#take(frame, this.#audio ? [picture, sound] : [picture]);
  }
}

/** ISO/IEC 14496-15 (5.3.3.1): the decoder configuration record. */
function parameterSetsIn(record: Buffer) {
  try {
    const parts: Buffer[] = [];
    let at = 5;
    for (const mask of [31, 255]) {
      const count = record.readUInt8(at++) & mask;
      for (let n = 0; n < count; n++) {
        const length = record.readUInt16BE(at);
        parts.push(startCode, Buffer.from(record.subarray(at + 2, at + 2 + length)));
        at += 2 + length;
      }
    }
    return { sets: Buffer.concat(parts), lengthBytes: (record.readUInt8(4) & 3) + 1 };
  } catch {
    // It ends too early: the next one counts.
    return undefined;
  }
}

/** @returns undefined where the lengths do not fit */
function unitsIn(body: Buffer, lengthBytes: number): Buffer[] | undefined {
  const units: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    if (at + lengthBytes > body.length) return undefined;
    const length = body.readUIntBE(at, lengthBytes);
    at += lengthBytes;
    if (length === 0 || at + length > body.length) return undefined;
    units.push(body.subarray(at, at + length));
    at += length;
  }
  return units;
}

type AdtsFields = { profile: number; rate: number; channels: number };

const lowComplexity = 2;
/** SBR and PS stand on top of a low complexity stream, which every decoder finds them in. */
const onTop = [5, 29];

/** ISO/IEC 14496-3 (1.6.2.1); undefined for what ADTS cannot say. */
function adtsFields(config: Buffer): AdtsFields | undefined {
  if (config.length < 2) return undefined;
  const bits = config.readUInt16BE(0);
  const type = bits >> 11;
  const rate = (bits >> 7) & 15;
  const channels = (bits >> 3) & 15;
  const profile = onTop.includes(type) ? lowComplexity : type;
  if (profile < 1 || profile > 4 || rate > 12 || channels < 1 || channels > 7) return undefined;
  return { profile, rate, channels };
}

function adtsHeader({ profile, rate, channels }: AdtsFields, bytes: number): Buffer {
  const length = bytes + 7;
  return Buffer.from([
    ...[0xff, 0xf1, ((profile - 1) << 6) | (rate << 2) | (channels >> 2)],
    ...[((channels & 3) << 6) | (length >> 11), (length >> 3) & 255, ((length & 7) << 5) | 31],
    0xfc,
  ]);
}
