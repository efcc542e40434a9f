/** What a player relies on in fragmented MP4, ISO/IEC 14496-12: maps and segments, told without their names. */
import type { FileHandle } from "node:fs/promises";
import { clockFault } from "./segment-clock.ts";

type Box = { type: string; at: number; end: number };

const headBytes = 8;
/** Of what stands beside the samples; more is none that we would write. */
const mostBytes = 4 * 2 ** 20;
const isNoKeyframe = 0x10000;

/** The tracks of one map and the segments that go by it. */
export class Mp4Segments {
  #picture: { id: number; ticksPerS: number } | undefined;
  /** When the next segment begins, s. */
  #dueS: number | undefined;

  /** @returns the first fault of a map */
  async map(file: FileHandle): Promise<string | undefined> {
    this.#picture = undefined;
    const { boxes, fault } = await boxesOf(file);
    if (fault !== undefined) return fault;
    const moov = boxes.find(({ type }) => type === "moov");
    if (boxes[0]?.type !== "ftyp" || !moov) return "is no map: it has no ftyp and moov";
    const bytes = await bytesOf(file, moov);
    for (const trak of inside(bytes, "trak")) {
      const [mdia] = inside(trak, "mdia");
      const [tkhd, mdhd, hdlr] = [first(trak, "tkhd"), first(mdia, "mdhd"), first(mdia, "hdlr")];
      if (!tkhd || !mdhd || !hdlr) return "has a track without its headers";
      if (hdlr.toString("latin1", 8, 12) !== "vide") continue;
      const at = tkhd[0] === 1 ? 20 : 12;
      const rateAt = mdhd[0] === 1 ? 20 : 12;
      this.#picture = { id: tkhd.readUInt32BE(at), ticksPerS: mdhd.readUInt32BE(rateAt) };
    }
    return undefined;
  }

  /** @param p.isBreak it does not go on where the one before ended @returns its first fault */
  async segment(
    file: FileHandle,
    p: { isBreak: boolean; lengthS: number },
  ): Promise<string | undefined> {
    if (p.isBreak) this.#dueS = undefined;
    const { boxes, fault } = await boxesOf(file);
    if (fault !== undefined) return fault;
    const [moof, mdat] = boxes.filter(({ type }) => type !== "styp" && type !== "sidx");
    if (moof?.type !== "moof" || mdat?.type !== "mdat") return "does not begin with a fragment";
    const bytes = await bytesOf(file, moof);
    for (const traf of inside(bytes, "traf")) {
      const why = this.#track(traf, p.lengthS);
      if (why !== undefined) return why;
    }
    return undefined;
  }

  #track(traf: Buffer, lengthS: number): string | undefined {
    const [tfhd, tfdt, trun] = ["tfhd", "tfdt", "trun"].map((type) => first(traf, type));
    if (!tfhd || !tfdt || !trun) return "has a track without its time or its samples";
    if (tfhd.readUInt32BE(4) !== this.#picture?.id) return undefined;
    if ((firstFlags(trun) & isNoKeyframe) !== 0) return "does not begin with a keyframe";
    const ticks = tfdt[0] === 1 ? Number(tfdt.readBigUInt64BE(4)) : tfdt.readUInt32BE(4);
    const atS = ticks / this.#picture.ticksPerS;
    const dueS = this.#dueS;
    this.#dueS = atS + lengthS;
    return dueS === undefined ? undefined : clockFault((atS - dueS) * 90_000);
  }
}

/** Of the first sample of a `trun`; 0 where they stand elsewhere. */
function firstFlags(trun: Buffer): number {
  const told = trun.readUIntBE(1, 3);
  const has = (flag: number) => ((told & flag) !== 0 ? 4 : 0);
  const at = 8 + has(0x001);
  if (has(0x004)) return trun.readUInt32BE(at);
  return has(0x400) ? trun.readUInt32BE(at + has(0x100) + has(0x200)) : 0;
}

/** Those that the file is made of, by their heads alone. */
async function boxesOf(file: FileHandle): Promise<{ boxes: Box[]; fault?: string }> {
  const { size } = await file.stat();
  const boxes: Box[] = [];
  const head = Buffer.alloc(headBytes);
  for (let at = 0; at < size; at = boxes.at(-1)!.end) {
    const { bytesRead } = await file.read(head, 0, headBytes, at);
    const length = bytesRead === headBytes ? head.readUInt32BE(0) : 0;
    const type = head.toString("latin1", 4, 8);
    if (length < headBytes) return { boxes, fault: `is no MP4 from byte ${at} on` };
    boxes.push({ type, at, end: at + length });
    if (at + length > size) return { boxes, fault: `ends within its ${type}` };
  }
  return boxes.length === 0 ? { boxes, fault: "is empty" } : { boxes };
}

async function bytesOf(file: FileHandle, { at, end }: Box): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.min(end - at, mostBytes) - headBytes);
  await file.read(bytes, 0, bytes.length, at + headBytes);
  return bytes;
}

/** What is in each box of this type. */
function inside(bytes: Buffer | undefined, type: string): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; bytes && at + headBytes <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    if (length < headBytes) break;
    if (bytes.toString("latin1", at + 4, at + 8) === type) {
      found.push(bytes.subarray(at + headBytes, at + length));
    }
    at += length;
  }
  return found;
}
const first = (bytes: Buffer | undefined, type: string) => inside(bytes, type)[0];
