import { spliceRegistration, spliceStreamType } from "../../machines/stream/scte35.ts";
import type { Ticks } from "../relay/frame.ts";
import { sectionPackets } from "../relay/ts/sections.ts";
import { writePat, writePmt } from "../relay/ts/tables.ts";
import { SpoolWriter } from "./spool-writer.ts";

const [patPid, pmtPid, splicePid] = [0, 0x1000, 0x100];

/**
 * Where relays read the splice information of an ingest: a transport stream of nothing else, in
 * which the clock tells after which picture each section stands.
 */
export class SpliceSpool {
  readonly #file: SpoolWriter;
  readonly #next = new Map<number, number>();

  /** @param folder in memory, is made where it is missing */
  constructor(folder: string) {
    this.#file = new SpoolWriter(folder);
  }

  /** Whether the source has any: to be told each second. */
  tell(isThere: boolean): void {
    const row = {
      streamType: spliceStreamType,
      pid: splicePid,
      descriptors: Buffer.from(spliceRegistration),
    };
    const pmt = writePmt(splicePid, isThere ? 1 : 0, isThere ? [row] : []);
    this.#file.write(Buffer.concat([this.#cut(patPid, writePat(pmtPid)), this.#cut(pmtPid, pmt)]));
  }

  write(section: Uint8Array, stands: Ticks): void {
    this.#file.write(this.#cut(splicePid, section, stands));
  }

  #cut(pid: number, section: Uint8Array, clock?: Ticks): Buffer {
    const next = () => {
      const counter = this.#next.get(pid) ?? 0;
      this.#next.set(pid, (counter + 1) & 15);
      return counter;
    };
    return sectionPackets(section, { pid, next, ...(clock !== undefined && { clock }) });
  }
}
