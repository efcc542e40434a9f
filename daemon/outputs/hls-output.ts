import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { spliceIn } from "../../machines/stream/scte35.ts";
import { type Frame, spliceTrack, type Ticks, ticksPerMs } from "../relay/frame.ts";
import { unroll } from "../relay/ts/clock-33.ts";
import type { Offered } from "./cdn-push.ts";
import { ListState, LiveList } from "./live-list.ts";
import { SegmentFile, writeWhole } from "./segment-files.ts";
import { type Container, formOf, type SegmentForm } from "./segment-form.ts";
import type { Cut, SegmentSink } from "./segmenter.ts";

export const listName = "index.m3u8";
const stateName = "list.json";
const nameOf = /^(\d+)-\d+\.(?:ts|m4s|mp4)$/;

/**
 * Writes a programme as HLS into a folder. The list goes on where an earlier process left it: its
 * numbers never run back, it is never said to be over, and it is always whole.
 */
export class HlsOutput implements SegmentSink {
  readonly #folder: string;
  readonly #list: LiveList;
  readonly #nowMs: () => number;
  readonly #form: () => SegmentForm;
  #made: SegmentForm | undefined;
  #open: { file: SegmentFile; cut: Cut } | undefined;
  /** Stands before the segments of this form. */
  #map: string | undefined;
  /** A segment that came could not be kept. */
  #missing = false;
  /** Why the last segment, or the list, could not be written. */
  why: string | null = null;

  constructor(p: {
    folder: string;
    container: Container;
    windowMs: number;
    targetS: number;
    nowMs: () => number;
  }) {
    this.#folder = p.folder;
    this.#form = () => formOf(p.container);
    this.#nowMs = p.nowMs;
    mkdirSync(p.folder, { recursive: true, mode: 0o750 });
    const kept = ListState.safeParse(readJson(join(p.folder, stateName))).data;
    const files = readdirSync(p.folder);
    // Without its state it goes on above all that anybody has seen of it.
    const numbers = files.flatMap((name) => Number(nameOf.exec(name)?.[1] ?? -1));
    const from = Math.max(-1, ...numbers) + 1;
    const own = { windowS: p.windowMs / 1_000, targetS: p.targetS };
    this.#list = new LiveList({ ...own, ...(kept ? { state: kept } : { from }) });
    for (const name of files) if (!this.#isNeeded(name)) this.#remove(name);
    if (!this.#list.isEmpty) writeWhole(p.folder, listName, this.#list.text());
  }

  get list(): LiveList {
    return this.#list;
  }

  get offered(): Offered {
    return { segments: [...this.#list.files], lists: this.#list.isEmpty ? [] : [listName] };
  }

  /** Whether this file may be handed out. */
  offers(name: string): boolean {
    return name === listName || this.#list.files.has(name);
  }

  begin(cut: Cut): void {
    const { discontinuity, format, atMs } = cut;
    const name = `${this.#list.next}-${Math.round(atMs)}`;
    this.#trying(() => {
      if (discontinuity || !this.#made) {
        this.#made = this.#form();
        const init = this.#made.init(format);
        this.#map = init && `${name}.mp4`;
        if (init) writeWhole(this.#folder, this.#map!, init);
      }
      const file = new SegmentFile(this.#folder, `${name}.${this.#made.ending}`);
      this.#open = { file, cut };
    });
  }

  frame(frame: Frame): void {
    if (frame.track === spliceTrack) this.#splice(frame);
    const bytes = this.#made?.frame(frame);
    if (bytes) this.#trying(() => this.#open?.file.write(bytes));
  }

  end(lengthTicks: Ticks): void {
    const { file, cut } = this.#open ?? {};
    const rest = this.#made?.end(cut ? cut.dts + lengthTicks : 0);
    if (!file || !cut) return;
    const isKept = this.#trying(() => {
      if (rest) file.write(rest);
      file.commit();
    });
    if (!isKept) return;
    this.#open = undefined;
    const discontinuity = (cut.discontinuity || this.#missing) && !this.#list.isEmpty;
    const lengthS = Math.round(lengthTicks / ticksPerMs) / 1_000;
    const { name, bytes } = file;
    const segment = { name, lengthS, atMs: cut.atMs, discontinuity, bytes };
    this.#list.add({ ...segment, ...(this.#map && { map: this.#map }) }, this.#nowMs());
    this.#missing = false;
    this.why = null;
    this.#publish();
  }

  /** Told in the list at once, long before its picture comes. */
  #splice({ payload, pts: stands }: Frame): void {
    const { cut } = this.#open ?? {};
    if (!cut) return;
    const meant = spliceIn(payload).pts;
    const pts = meant === null ? stands : unroll(meant, stands);
    const isNews = this.#list.splice(payload, cut.atMs + (pts - cut.pts) / ticksPerMs);
    if (isNews && !this.#list.isEmpty) this.#publish();
  }

  #publish(): void {
    for (const name of this.#list.expire(this.#nowMs())) this.#remove(name);
    try {
      // First what is known, then what is told: no number is given to two segments.
      writeWhole(this.#folder, stateName, JSON.stringify(this.#list.state));
      writeWhole(this.#folder, listName, this.#list.text());
    } catch (cause) {
      this.why = sentenceOf(cause);
    }
  }

  /** A disk that is full or gone costs segments, and nothing else. */
  #trying(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (cause) {
      this.why = sentenceOf(cause);
      this.#missing = true;
      // The next one begins anew, also with what stands before it.
      this.#made = undefined;
      this.#open?.file.discard();
      this.#open = undefined;
      return false;
    }
  }

  #isNeeded(name: string): boolean {
    return name === stateName || this.offers(name);
  }

  #remove(name: string): void {
    rmSync(join(this.#folder, name), { force: true });
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

const sentenceOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));
