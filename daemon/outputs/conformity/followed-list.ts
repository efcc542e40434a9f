import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { packetBytes } from "../../relay/ts/packets.ts";
import { fileFault } from "./files.ts";
import { filesOf, listFault, type MediaList, stepFault } from "./media-list.ts";
import { Mp4Segments } from "./mp4-segments.ts";
import { TsSegments } from "./ts-segments.ts";

/** Whole packets, so that nothing is put together again. */
const pieceBytes = 1_024 * packetBytes;

/** One media playlist as it goes on, with the files that it lists: each is looked into once. */
export class FollowedList {
  readonly #folder: string;
  /** Each piece is read into the same. */
  readonly #piece = Buffer.allocUnsafeSlow(pieceBytes);
  readonly #ts = new TsSegments();
  readonly #mp4 = new Mp4Segments();
  #before: MediaList | undefined;
  #map: string | undefined;
  #looked: ReadonlySet<string> = new Set();
  /** The last segment could not be looked into. */
  #isCut = false;
  /** Segments that were looked into. */
  checked = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param p.there names of files that are there @param p.found is told each fault */
  async look(
    list: MediaList,
    p: { there: ReadonlySet<string>; found: (fault: string) => void },
  ): Promise<void> {
    const before = this.#before;
    const fault = listFault(list) ?? (before && stepFault(before, list));
    if (list.segments.length > 0) this.#before = list;
    if (fault !== undefined) p.found(fault);
    const files = filesOf(list);
    const isNew = (name: string) => !this.#looked.has(name);
    const bad = new Set<string>();
    for (const name of files.filter((one) => isNew(one) || !p.there.has(one))) {
      const why = await fileFault(this.#folder, name);
      if (why === undefined) continue;
      bad.add(name);
      p.found(why);
    }
    // What an earlier process wrote, that one has looked into.
    const news = list.segments.filter(({ uri }) => isNew(uri)).slice(before ? 0 : -1);
    for (const segment of news) {
      this.checked++;
      if (bad.has(segment.uri) || (segment.map && bad.has(segment.map.uri))) this.#isCut = true;
      else {
        const why = await this.#segment(segment);
        if (why !== undefined) p.found(why);
      }
    }
    this.#looked = new Set(files);
  }

  async #segment(segment: MediaList["segments"][number]): Promise<string | undefined> {
    const { uri, map, duration: lengthS, discontinuity } = segment;
    const isBreak = discontinuity === true || this.#isCut;
    this.#isCut = false;
    if (!map) {
      this.#ts.begin(isBreak);
      return this.#opened(uri, async (file) => {
        for (;;) {
          const { bytesRead } = await file.read(this.#piece, 0, pieceBytes);
          if (bytesRead === 0) return this.#ts.end(lengthS);
          this.#ts.take(this.#piece.subarray(0, bytesRead));
        }
      });
    }
    if (map.uri !== this.#map) {
      const why = await this.#opened(map.uri, (file) => this.#mp4.map(file));
      if (why !== undefined) return why;
      this.#map = map.uri;
    }
    return this.#opened(uri, (file) => this.#mp4.segment(file, { isBreak, lengthS }));
  }

  async #opened(name: string, look: (file: FileHandle) => Promise<string | undefined>) {
    const file = await open(join(this.#folder, name));
    try {
      return named(name, await look(file));
    } finally {
      await file.close();
    }
  }
}

const named = (name: string, why: string | undefined) => why && `${name} ${why}`;
