import { h264StreamType } from "../../relay/frame.ts";
import { unroll } from "../../relay/ts/clock-33.ts";
import { inspectAccessUnit } from "../../relay/ts/h264.ts";
import { packetBytes, PacketCutter } from "../../relay/ts/packets.ts";
import { PesAssembler, type PesUnit } from "../../relay/ts/pes.ts";
import { readPat, readPmt } from "../../relay/ts/tables.ts";
import { clockFault } from "./segment-clock.ts";

const noPid = -1;
const noCounter = -1;

/**
 * What a player relies on in the segments of a transport stream (RFC 8216, 3.2; H.222.0, 2.4.3): each
 * begins with its tables and a keyframe, its packets are whole and none is missing, and its clock goes
 * on where the one before ended. Faults are sentences without the name of the segment.
 */
export class TsSegments {
  /** The last continuity counter, by PID. */
  readonly #counters = new Int8Array(0x2000).fill(noCounter);
  /** When the next segment begins, by the clock of the stream. */
  #dueTicks: number | undefined;
  #cutter = new PacketCutter();
  #packets = 0;
  #bytes = 0;
  #mapPid = noPid;
  #picturePid = noPid;
  #first: PesUnit | undefined;
  #assembler = this.#assembly();
  #fault: string | undefined;

  /** @param isBreak it does not go on where the one before ended */
  begin(isBreak: boolean): void {
    if (isBreak) {
      this.#counters.fill(noCounter);
      this.#dueTicks = undefined;
    }
    this.#cutter = new PacketCutter();
    this.#packets = 0;
    this.#bytes = 0;
    this.#mapPid = noPid;
    this.#picturePid = noPid;
    this.#first = undefined;
    this.#assembler = this.#assembly();
    this.#fault = undefined;
  }

  take(bytes: Buffer): void {
    this.#bytes += bytes.length;
    this.#cutter.cut(bytes, this.#packet);
  }

  /** @param lengthS as its list tells @returns the first fault of the segment */
  end(lengthS: number): string | undefined {
    this.#assembler.end();
    if (this.#bytes === 0) return "is empty";
    if (this.#bytes % packetBytes !== 0) this.#found("ends within a packet");
    if (!this.#first) this.#found("has no picture");
    else this.#judge(this.#first, lengthS);
    return this.#fault;
  }

  #judge({ dts, payload }: PesUnit, lengthS: number): void {
    if (!inspectAccessUnit(payload).key) this.#found("does not begin with a keyframe");
    const due = this.#dueTicks;
    const at = unroll(dts, due);
    if (due !== undefined) this.#found(clockFault(at - due));
    this.#dueTicks = at + lengthS * 90_000;
  }

  readonly #packet = (bytes: Buffer, at: number): void => {
    const n = this.#packets++;
    if (this.#cutter.syncLosses > 0) this.#found(`no sync byte (0x47) before packet ${n}`);
    const pid = ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
    const starts = (bytes[at + 1]! & 0x40) !== 0;
    const flags = bytes[at + 3]!;
    if (n < 2) this.#table(n, pid, bytes, at);
    if ((bytes[at + 1]! & 0x80) !== 0) this.#found(`packet ${n} says that it is damaged`);
    if ((flags & 0x10) === 0) return;
    const counter = flags & 15;
    const last = this.#counters[pid]!;
    this.#counters[pid] = counter;
    if (last !== noCounter && counter !== ((last + 1) & 15)) {
      this.#found(`a packet is missing before packet ${n}: of PID ${pid}, counter ${last}, then ${counter}`); // prettier-ignore
    }
    if (pid !== this.#picturePid || this.#first) return;
    const from = at + 4 + ((flags & 0x20) === 0 ? 0 : 1 + bytes[at + 4]!);
    const to = at + packetBytes;
    if (from > to) return this.#found(`packet ${n} has no room for what it says that it holds`);
    if (starts) this.#assembler.begin(bytes, from, to);
    else this.#assembler.add(bytes, from, to);
  };

  /** A section that begins and ends in the packet, as those of one programme with a few streams do. */
  #table(n: number, pid: number, bytes: Buffer, at: number): void {
    const from = at + 5 + bytes[at + 4]!;
    const to = at + packetBytes;
    const length = from + 3 > to ? 0 : 3 + (bytes.readUInt16BE(from + 1) & 0x0fff);
    const section = bytes.subarray(from, Math.min(to, from + length));
    if (n === 0) {
      this.#mapPid = (pid === 0 ? readPat(section) : undefined) ?? noPid;
      if (this.#mapPid === noPid) this.#found("does not begin with a PAT");
      return;
    }
    const streams = pid === this.#mapPid ? readPmt(section) : undefined;
    if (!streams) return this.#found("has no PMT after its PAT");
    this.#picturePid = streams.find((one) => one.streamType === h264StreamType)?.pid ?? noPid;
  }

  #assembly(): PesAssembler {
    return new PesAssembler((unit) => (this.#first ??= unit));
  }

  #found(fault: string | undefined): void {
    this.#fault ??= fault;
  }
}
