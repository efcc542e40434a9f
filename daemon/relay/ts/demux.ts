import type { Misfit } from "../../../machines/content/misfit.ts";
import { spliceStreamType } from "../../../machines/stream/scte35.ts";
import { h264StreamType } from "../frame.ts";
import { isCarried, misfitsIn } from "./misfits.ts";
import { PacketCutter, packetBytes } from "./packets.ts";
import { PesAssembler, type PesUnit } from "./pes.ts";
import { clockOf, SectionCutter } from "./sections.ts";
import { type MappedStream, readPat, readPmt } from "./tables.ts";

export type DemuxListener = {
  /** The programme's streams: once, and whenever its map changes. */
  streams(streams: MappedStream[], hasSplices: boolean): void;
  /** @param index of the stream in the map */
  unit(index: number, unit: PesUnit): void;
  /** Its map was read once more. */
  map?(hasSplices: boolean): void;
  /**
   * A section of splice information: after the pictures that began before it.
   * @param section whatever stands in it @param clock that its first packet tells
   */
  splice?(section: Buffer, clock: number | undefined): void;
};

type Carried = { index: number; streamType: number; continuity: number; pes: PesAssembler };
type Splices = { cutter: SectionCutter; clock: number | undefined };

const isPicture = ({ streamType }: Carried) => streamType === h264StreamType;

/**
 * Takes a transport stream apart: PAT, PMT, continuity, PES. It follows the first programme. What is
 * damaged is told as such, never silently passed on.
 */
export class Demux {
  readonly #cutter = new PacketCutter();
  readonly #listener: DemuxListener;
  readonly #carried = new Map<number, Carried>();
  readonly #splices = new Map<number, Splices>();
  /** Until the picture that comes next begins: the one before may not have been told yet. */
  #held: (() => void)[] = [];
  #pmtPid: number | undefined;
  #pmt: Buffer = Buffer.alloc(0);
  /** Payloads that follow each other, moved together where they came. */
  #run: { of: Carried; bytes: Buffer; from: number; to: number } | undefined;
  /** Packets that were missing, out of order or told to be wrong. */
  continuityErrors = 0;
  /** Streams of the programme that are left out; undefined before its map is known. */
  misfits: Misfit[] | undefined;

  constructor(listener: DemuxListener) {
    this.#listener = listener;
  }

  get syncLosses(): number {
    return this.#cutter.syncLosses;
  }

  /** @param chunk its bytes are moved about */
  feed(chunk: Buffer): void {
    this.#cutter.cut(chunk, this.#packet);
    this.#endRun();
  }

  readonly #packet = (bytes: Buffer, at: number): void => {
    const pid = ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
    const carried = this.#carried.get(pid);
    const splices = carried ? undefined : this.#splices.get(pid);
    if (!carried && !splices && pid !== 0 && pid !== this.#pmtPid) return;
    const flags = bytes[at + 3]!;
    const starts = (bytes[at + 1]! & 0x40) !== 0;
    const field = (flags & 0x20) !== 0 ? 1 + bytes[at + 4]! : 0;
    const from = at + 4 + field;
    const to = at + packetBytes;
    // Told to be wrong, scrambled, without a payload field, or with one beyond its end.
    if (
      (bytes[at + 1]! & 0x80) !== 0 ||
      (flags & 0xc0) !== 0 ||
      (flags & 0x30) === 0 ||
      from > to
    ) {
      return this.#wrong(carried);
    }
    if ((flags & 0x10) === 0) return;
    if (splices) {
      if (starts) splices.clock = clockOf(bytes, at);
      return splices.cutter.take(bytes, from, to, starts, flags & 15);
    }
    if (carried === undefined) return this.#section(pid, bytes, from, to, starts);

    const continuity = flags & 15;
    if (continuity === carried.continuity) return; // A packet may be sent twice.
    const expected = (carried.continuity + 1) & 15;
    const told = field > 1 && (bytes[at + 5]! & 0x80) !== 0;
    if (carried.continuity !== -1 && continuity !== expected) {
      this.#endRun();
      // Where the sender says that it cut, the counter may begin anywhere; data is still missing.
      if (!told) this.continuityErrors++;
      carried.pes.gap();
    }
    carried.continuity = continuity;
    if (starts) {
      this.#endRun();
      carried.pes.end();
      if (isPicture(carried)) for (const tell of this.#held.splice(0)) tell();
      carried.pes.begin(bytes, from, to);
    } else this.#add(carried, bytes, from, to);
  };

  #add(of: Carried, bytes: Buffer, from: number, to: number): void {
    const run = this.#run;
    if (run?.of === of && run.bytes === bytes) {
      // A quarter of what it takes to copy each into another buffer.
      bytes.copyWithin(run.to, from, to);
      run.to += to - from;
      return;
    }
    this.#endRun();
    this.#run = { of, bytes, from, to };
  }

  #endRun(): void {
    const run = this.#run;
    if (!run) return;
    this.#run = undefined;
    run.of.pes.add(run.bytes, run.from, run.to);
  }

  #wrong(carried: Carried | undefined): void {
    this.#endRun();
    this.continuityErrors++;
    carried?.pes.gap();
  }

  /** Tables that fit one packet, as those of one programme with a few streams do. */
  #section(pid: number, bytes: Buffer, from: number, to: number, starts: boolean): void {
    const at = from + 1 + (bytes[from] ?? 0);
    if (!starts || at + 3 > to) return;
    const end = at + 3 + (bytes.readUInt16BE(at + 1) & 0x0fff);
    if (end > to) return;
    const section = bytes.subarray(at, end);
    if (pid === 0) this.#pmtPid = readPat(section) ?? this.#pmtPid;
    else {
      if (!this.#pmt.equals(section)) this.#map(section);
      if (this.#pmt.equals(section)) this.#listener.map?.(this.#splices.size > 0);
    }
  }

  #map(section: Buffer): void {
    const all = readPmt(section);
    if (all === undefined) return;
    const streams = all.filter(isCarried);
    this.misfits = misfitsIn(all);
    this.#endRun();
    this.#pmt = Buffer.from(section);
    const [carried, lines] = [new Map(this.#carried), new Map(this.#splices)];
    this.#carried.clear();
    this.#splices.clear();
    for (const [index, { pid, streamType }] of streams.entries()) {
      const before = carried.get(pid);
      // A map that changes in the middle of a picture costs none.
      const goesOn = before?.index === index && before.streamType === streamType;
      const pes = new PesAssembler((unit) => this.#listener.unit(index, unit));
      this.#carried.set(pid, goesOn ? before : { index, streamType, continuity: -1, pes });
    }
    const spliced = all.filter(({ streamType }) => streamType === spliceStreamType);
    for (const { pid } of spliced) this.#splices.set(pid, lines.get(pid) ?? this.#spliceLine());
    this.#listener.streams(streams, spliced.length > 0);
  }

  #spliceLine(): Splices {
    const splices: Splices = {
      clock: undefined,
      cutter: new SectionCutter((section) => {
        const own = Buffer.from(section);
        const { clock } = splices;
        const tell = () => this.#listener.splice?.(own, clock);
        if ([...this.#carried.values()].some(isPicture)) this.#held.push(tell);
        else tell();
      }),
    };
    return splices;
  }
}
