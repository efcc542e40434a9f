import { sectionIn, spliceStreamType, movedBy } from "../../machines/stream/scte35.ts";
import type { Ticks } from "../relay/frame.ts";
import { readTimestamp, unroll } from "../relay/ts/clock-33.ts";
import { PacketCutter, packetBytes } from "../relay/ts/packets.ts";
import { SectionCutter } from "../relay/ts/sections.ts";
import { readPat, readPmt } from "../relay/ts/tables.ts";

/** H.222.0 table 2-34: MPEG-1, 2 and 4, H.264, HEVC, VVC. */
const pictureTypes = [0x01, 0x02, 0x10, 0x1b, 0x24, 0x33];
/** ffmpeg goes on from where it was when times run back, or ahead by more than that, ticks. */
const jump = { back: 9_000, ahead: 900_000 };
/** Until it is known what ffmpeg makes of the times. */
const mostWaiting = 200;
const payloadAt = 4;
const timesAt = 9;

/** Times are the source's until they are handed on. */
type Found = { section: Uint8Array; after: Ticks };

/**
 * Looks for splice information in a transport stream that passes by, and hands it on with the times
 * that ffmpeg gives what it passes on of the same stream.
 */
export class SpliceTap {
  readonly #take: (section: Uint8Array, stands: Ticks) => void;
  readonly #jumped: () => void;
  readonly #packets = new PacketCutter();
  readonly #pat = new SectionCutter((pat) => (this.#pmtPid = readPat(pat) ?? this.#pmtPid));
  readonly #pmt = new SectionCutter((pmt) => this.#map(pmt));
  #pmtPid: number | undefined;
  #picturePid: number | undefined;
  #lines = new Map<number, SectionCutter>();
  /** DTS of the picture that began last, unrolled. */
  #picture: Ticks | undefined;
  /** What ffmpeg adds to the source's times. */
  #offset: Ticks | undefined;
  #waiting: Found[] = [];
  #last: Ticks = -Infinity;
  /** The source's programme has a stream of it; undefined: not known yet. */
  isThere: boolean | undefined;
  /** Sections whose checksum or length is wrong. */
  damaged = 0;

  /**
   * @param p.take sections in order, and after the picture of which DTS each stands, on ffmpeg's times
   * @param p.jumped the source's times jumped: what ffmpeg adds to them is not known any more
   */
  constructor(p: { take: (section: Uint8Array, stands: Ticks) => void; jumped: () => void }) {
    this.#take = p.take;
    this.#jumped = p.jumped;
  }

  /** @param ticks of 90 kHz */
  set offset(ticks: Ticks) {
    this.#offset = ticks;
    for (const found of this.#waiting.splice(0)) this.#give(found);
  }

  /** @param chunk as it comes; it is left as it is */
  feed(chunk: Buffer): void {
    this.#packets.cut(chunk, this.#packet);
  }

  readonly #packet = (bytes: Buffer, at: number): void => {
    const pid = ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
    const starts = (bytes[at + 1]! & 0x40) !== 0;
    const isPicture = pid === this.#picturePid;
    if (isPicture && !starts) return;
    const cutter = pid === 0 ? this.#pat : pid === this.#pmtPid ? this.#pmt : this.#lines.get(pid);
    if (!cutter && !isPicture) return;
    const flags = bytes[at + 3]!;
    const from = at + payloadAt + ((flags & 0x20) !== 0 ? 1 + bytes[at + payloadAt]! : 0);
    const to = at + packetBytes;
    // Told to be wrong, scrambled, or without a payload.
    const isWhole = (bytes[at + 1]! & 0x80) === 0 && (flags & 0xd0) === 0x10 && from < to;
    if (!isWhole) return;
    if (cutter) cutter.take(bytes, from, to, starts, flags & 15);
    else this.#began(bytes.subarray(from, to));
  };

  #map(section: Buffer): void {
    const streams = readPmt(section);
    if (!streams) return;
    this.#picturePid = streams.find(({ streamType }) => pictureTypes.includes(streamType))?.pid;
    const spliced = streams.filter(({ streamType }) => streamType === spliceStreamType);
    this.isThere = spliced.length > 0;
    const line = () => new SectionCutter((found) => this.#found(found));
    this.#lines = new Map(spliced.map(({ pid }) => [pid, this.#lines.get(pid) ?? line()]));
  }

  /** @param pes the beginning of a picture's packet */
  #began(pes: Buffer): void {
    const times = pes.length < timesAt + 10 ? 0 : pes[7]! >> 6;
    if (times < 2 || pes.readUIntBE(0, 3) !== 1) return;
    const raw = readTimestamp(pes, times === 3 ? timesAt + 5 : timesAt);
    if (raw === undefined) return;
    const dts = unroll(raw, this.#picture);
    const step = dts - (this.#picture ?? dts);
    this.#picture = dts;
    if (this.isThere && (step < -jump.back || step > jump.ahead)) {
      this.#offset = undefined;
      this.#jumped();
    }
  }

  #found(bytes: Buffer): void {
    const section = sectionIn(bytes);
    const after = this.#picture;
    if (typeof section === "string") this.damaged++;
    // Before the first picture nobody can tell where it stands.
    else if (after !== undefined) this.#give({ section: Uint8Array.from(section), after });
  }

  #give(found: Found): void {
    if (this.#offset === undefined) {
      if (this.#waiting.length < mostWaiting) this.#waiting.push(found);
      return;
    }
    // No two stand at the same place: by it a relay knows which it has sent.
    this.#last = Math.max(found.after + this.#offset, this.#last + 1);
    this.#take(movedBy(found.section, this.#offset), this.#last);
  }
}
