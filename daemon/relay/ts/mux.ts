/** Writes a transport stream of one programme: PAT, PMT, PCR, PES, continuity counters. */
import { spliceRegistration, spliceStreamType } from "../../../machines/stream/scte35.ts";
import {
  type ElementaryStream,
  type Frame,
  h264StreamType,
  spliceTrack,
  type Ticks,
} from "../frame.ts";
import { writeTimestamp } from "./clock-33.ts";
import { packetBytes, syncByte } from "./packets.ts";
import { sectionPackets, writeClock } from "./sections.ts";
import { writePat, writePmt } from "./tables.ts";

/** What must go on when another process writes the rest of the stream. */
export type MuxState = {
  /** Counters of PAT and PMT, then of each stream. */
  continuity: number[];
  pmtVersion: number;
  /** When PAT and PMT were written last. */
  tablesAt: Ticks | null;
  /** Counter of the splice information, once there is any: its row in the map stays. */
  splices?: number | undefined;
};

const patPid = 0;
const pmtPid = 0x1000;
const firstPid = 0x100;
const firstStream = 2;
/** Before the first of them. */
const noneYet = 15;
/** A receiver may join at any time: H.222.0 recommends, DVB demands at least each 100 ms. */
const tablesEachTicks = 9_000;
/** A picture is due so long after the clock reads its arrival: room for the largest of them. */
const clockLeadTicks = 9_000;
const payloadBytes = packetBytes - 4;
const clockFieldBytes = 8;

export class Mux {
  #streams: ElementaryStream[];
  #state: MuxState;
  #pmt!: Buffer;
  readonly #pat = writePat(pmtPid);

  constructor(streams: ElementaryStream[], state?: MuxState) {
    this.#streams = streams;
    this.#state = state
      ? { ...state, continuity: [...state.continuity] }
      : { continuity: [], pmtVersion: 0, tablesAt: null };
    if (streams[0]?.splices) this.#state.splices ??= noneYet;
    this.#mapped();
  }

  state(): MuxState {
    return { ...this.#state, continuity: [...this.#state.continuity] };
  }

  /** From the next frame on. */
  setStreams(streams: ElementaryStream[]): void {
    const tellsSplices = streams[0]?.splices === true && this.#state.splices === undefined;
    if (sameStreams(streams, this.#streams) && !tellsSplices) return;
    this.#streams = streams;
    if (tellsSplices) this.#state.splices = noneYet;
    this.#renew();
  }

  #renew(): void {
    this.#state.pmtVersion = (this.#state.pmtVersion + 1) & 31;
    this.#state.tablesAt = null;
    this.#mapped();
  }

  #mapped(): void {
    const rows = this.#streams.map((stream, index) => ({ ...stream, pid: firstPid + index }));
    if (this.#state.splices !== undefined) rows.push(spliceRow);
    this.#pmt = writePmt(firstPid, this.#state.pmtVersion, rows);
  }

  /** Whole packets. Tables stand before each keyframe, and often enough for who joins. */
  write(frame: Pick<Frame, "track" | "pts" | "dts" | "key" | "payload">): Buffer {
    if (frame.track === spliceTrack) return this.#splice(frame);
    const isVideo = frame.track === 0;
    const since = frame.dts - (this.#state.tablesAt ?? -Infinity);
    const tables = frame.key || since >= tablesEachTicks || since < 0;
    const header = pesHeader(frame, isVideo && this.#streams[0]?.streamType === h264StreamType);
    const bytes = header.length + frame.payload.length;
    const firstRoom = payloadBytes - (isVideo ? clockFieldBytes : 0);
    const packets = 1 + Math.max(0, Math.ceil((bytes - firstRoom) / payloadBytes));
    const out = Buffer.allocUnsafe((packets + (tables ? 2 : 0)) * packetBytes);
    let at = 0;
    if (tables) {
      this.#state.tablesAt = frame.dts;
      at = this.#section(out, at, patPid, 0, this.#pat);
      at = this.#section(out, at, pmtPid, 1, this.#pmt);
    }
    // At the end of the room for it, then packet by packet to its place: nothing is copied over what
    // is still to be moved, and moving within a buffer takes a quarter of copying between two.
    let written = 0;
    const tail = out.length - bytes;
    header.copy(out, tail);
    frame.payload.copy(out, tail + header.length);
    for (let n = 0; n < packets; n++, at += packetBytes) {
      const left = bytes - written;
      const clock = n === 0 && isVideo ? clockFieldBytes : 0;
      const room = Math.min(left, payloadBytes - clock);
      const payloadAt = at + packetBytes - room;
      out.copyWithin(payloadAt, tail + written, tail + written + room);
      const from = this.#header(
        out,
        at,
        firstPid + frame.track,
        firstStream + frame.track,
        n === 0,
      );
      if (payloadAt > from) adaptationField(out, from, payloadAt, clock > 0 ? frame : undefined);
      written += room;
    }
    return out;
  }

  #splice({ payload, dts }: Pick<Frame, "dts" | "payload">): Buffer {
    if (this.#state.splices === undefined) {
      this.#state.splices = noneYet;
      this.#renew();
    }
    const tables = Buffer.alloc(this.#state.tablesAt === null ? 2 * packetBytes : 0);
    if (tables.length > 0) {
      this.#state.tablesAt = dts;
      this.#section(tables, this.#section(tables, 0, patPid, 0, this.#pat), pmtPid, 1, this.#pmt);
    }
    const next = () => (this.#state.splices = (this.#state.splices! + 1) & 15);
    return Buffer.concat([tables, sectionPackets(payload, { pid: spliceRow.pid, next })]);
  }

  /** @returns where the payload or an adaptation field begins */
  #header(out: Buffer, at: number, pid: number, counter: number, starts: boolean): number {
    const { continuity } = this.#state;
    const next = ((continuity[counter] ?? -1) + 1) & 15;
    continuity[counter] = next;
    out[at] = syncByte;
    out[at + 1] = (starts ? 0x40 : 0) | (pid >> 8);
    out[at + 2] = pid & 0xff;
    out[at + 3] = 0x10 | next;
    return at + 4;
  }

  #section(out: Buffer, at: number, pid: number, counter: number, section: Buffer): number {
    const from = this.#header(out, at, pid, counter, true);
    out[from] = 0;
    section.copy(out, from + 1);
    out.fill(0xff, from + 1 + section.length, at + packetBytes);
    return at + packetBytes;
  }
}

const spliceRow = {
  streamType: spliceStreamType,
  pid: firstPid + spliceTrack,
  descriptors: Buffer.from(spliceRegistration),
};

/** Clock and keyframe flag of the frame if given, then stuffing up to the payload. */
function adaptationField(
  out: Buffer,
  at: number,
  to: number,
  frame: Pick<Frame, "dts" | "key"> | undefined,
): void {
  out[at - 1]! |= 0x20;
  out[at] = to - at - 1;
  if (to - at === 1) return;
  out[at + 1] = frame ? 0x10 | (frame.key ? 0x40 : 0) : 0;
  let end = at + 2;
  if (frame) {
    writeClock(out, end, frame.dts - clockLeadTicks);
    end += 6;
  }
  out.fill(0xff, end, to);
}

function pesHeader(frame: Pick<Frame, "pts" | "dts" | "payload">, isVideo: boolean): Buffer {
  const times = frame.pts === frame.dts ? 1 : 2;
  const header = Buffer.alloc(9 + 5 * times);
  const length = header.length - 6 + frame.payload.length;
  header.writeUInt32BE(isVideo ? 0x1e0 : 0x1c0, 0);
  // Told wherever it can be, so that the reader need not wait for the next to know the end.
  header.writeUInt16BE(length > 0xffff ? 0 : length, 4);
  // data_alignment_indicator: the payload begins with an access unit.
  header[6] = 0x84;
  header[7] = times === 1 ? 0x80 : 0xc0;
  header[8] = 5 * times;
  writeTimestamp(header, 9, times === 1 ? 2 : 3, frame.pts);
  if (times === 2) writeTimestamp(header, 14, 1, frame.dts);
  return header;
}

function sameStreams(a: ElementaryStream[], b: ElementaryStream[]): boolean {
  return (
    a.length === b.length &&
    a.every(
      ({ streamType, descriptors }, n) =>
        streamType === b[n]!.streamType && descriptors.equals(b[n]!.descriptors),
    )
  );
}
