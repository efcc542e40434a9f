import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Frame, type Ticks, ticksPerMs } from "../relay/frame.ts";
import type { Offered } from "./cdn-push.ts";
import { listName } from "./hls-output.ts";
import { LadderEpoch, type LadderSegment } from "./ladder-epoch.ts";
import { epochOf, masterText, mpdText } from "./ladder-lists.ts";
import { TrackForm } from "./ladder-track.ts";
import { ListState, LiveList } from "./live-list.ts";
import type { RungName } from "../../config/rungs.ts";
import { writeWhole } from "./segment-files.ts";
import type { Cut, SegmentSink } from "./segmenter.ts";

const stateName = "ladder.json";
export const mpdName = "manifest.mpd";
const againMs = { first: 500, most: 15_000 };
/** An epoch that lasted so long was a good one. */
const goodAfterMs = 30_000;

const State = z.object({
  list: ListState,
  epochs: z.array(
    z.object({ tag: z.string(), pts: z.number(), atMs: z.number(), forms: z.array(TrackForm) }),
  ),
  bps: z.record(z.string(), z.number()),
});
type State = z.infer<typeof State>;

/**
 * Writes a programme in several sizes, cut at the same keyframes, each track into segments of its own,
 * which HLS and DASH both read. A segment is told of when it is there in every size.
 */
export class LadderOutput implements SegmentSink {
  readonly #folder: string;
  readonly #names: readonly RungName[];
  readonly #windowS: number;
  readonly #areSlides: boolean;
  readonly #nowMs: () => number;
  readonly #list: LiveList;
  #epochs: State["epochs"];
  /** The most that each track has had. */
  #bps: State["bps"];
  #epoch: LadderEpoch | undefined;
  #openDts: Ticks = 0;
  #begunAtMs = 0;
  #againAtMs = -Infinity;
  #againMs = againMs.first;
  /** Why the last segment could not be made or written. */
  why: string | null = null;

  constructor(p: {
    folder: string;
    sizes: readonly RungName[];
    /** Its pictures may be seconds apart. */
    areSlides?: boolean;
    windowMs: number;
    targetS: number;
    nowMs: () => number;
  }) {
    this.#folder = p.folder;
    this.#names = p.sizes;
    this.#areSlides = p.areSlides ?? false;
    this.#windowS = p.windowMs / 1_000;
    this.#nowMs = p.nowMs;
    mkdirSync(p.folder, { recursive: true, mode: 0o750 });
    const kept = State.safeParse(readJson(join(p.folder, stateName))).data;
    this.#epochs = kept?.epochs ?? [];
    this.#bps = kept?.bps ?? {};
    const own = { windowS: this.#windowS, targetS: p.targetS };
    this.#list = new LiveList({ ...own, ...(kept && { state: kept.list }) });
    for (const name of readdirSync(p.folder)) {
      if (name !== stateName && !this.offers(name)) this.#remove(name);
    }
  }

  get list(): LiveList {
    return this.#list;
  }

  get offered(): Offered {
    const segments = [...this.#list.files].flatMap((name) =>
      this.#formsOf(name.split(/[-.]/)[0]!).map(({ id }) => `${id}-${name}`),
    );
    const forms = this.#epochs.at(-1)?.forms ?? [];
    const own = forms.map(({ id }) => `${id}.m3u8`);
    return { segments, lists: forms.length === 0 ? [] : [...own, listName, mpdName] };
  }

  /** Whether this file may be handed out. */
  offers(name: string): boolean {
    if (name === listName || name === mpdName) return true;
    const ids = this.#epochs.flatMap(({ forms }) => forms.map(({ id }) => id));
    if (name.endsWith(".m3u8")) return ids.includes(name.slice(0, -".m3u8".length));
    const [id = ""] = name.split("-");
    return ids.includes(id) && this.#list.files.has(name.slice(id.length + 1));
  }

  begin(cut: Cut): void {
    if (cut.discontinuity) this.#close();
    this.#openDts = cut.dts;
    try {
      const nowMs = performance.now();
      if (!this.#epoch && nowMs >= this.#againAtMs) {
        this.#begunAtMs = nowMs;
        this.#epoch = new LadderEpoch({
          // Never the same again, also where all that is known of it was lost.
          tag: Math.round(this.#nowMs()).toString(36),
          ...{ folder: this.#folder, cut, names: this.#names, areSlides: this.#areSlides },
          whole: (segment) => this.#add(segment),
          failed: (why) => this.#failed(why),
        });
      }
      this.#epoch?.begin(cut);
    } catch (cause) {
      this.#failed((cause as Error).message);
    }
  }

  frame(frame: Frame): void {
    this.#epoch?.frame(frame);
  }

  end(lengthTicks: Ticks): void {
    try {
      this.#epoch?.end(this.#openDts + lengthTicks, lengthTicks);
    } catch (cause) {
      this.#failed((cause as Error).message);
    }
  }

  #add({ name, atMs, lengthTicks, bytes }: LadderSegment): void {
    const { tag, pts, atMs: fromMs, forms } = this.#epoch!;
    const isNew = this.#epochs.at(-1)?.tag !== tag;
    if (isNew) this.#epochs = [...this.#epochs, { tag, pts, atMs: fromMs, forms }];
    const lengthS = Math.round(lengthTicks / ticksPerMs) / 1_000;
    for (const [id, count] of bytes) {
      this.#bps[id] = Math.max(this.#bps[id] ?? 0, Math.round((8 * count) / lengthS));
    }
    const segment = {
      ...{ name, map: `${tag}.mp4`, lengthS, atMs },
      discontinuity: isNew && !this.#list.isEmpty,
      bytes: [...bytes.values()].reduce((sum, count) => sum + count, 0),
    };
    const nowMs = this.#nowMs();
    this.#list.add(segment, nowMs);
    for (const gone of this.#list.expire(nowMs)) {
      for (const { id } of this.#formsOf(epochOf(gone).split(".")[0]!))
        this.#remove(`${id}-${gone}`);
    }
    const needed = new Set([...this.#list.files].map((file) => file.split(/[-.]/)[0]));
    this.#epochs = this.#epochs.filter((epoch) => needed.has(epoch.tag));
    this.#publish(nowMs);
  }

  #publish(nowMs: number): void {
    const [epochs, bps, { segments, targetS }] = [this.#epochs, this.#bps, this.#list.state];
    const newest = epochs.at(-1)!;
    try {
      // First what is known, then what is told.
      const state: State = { list: this.#list.state, epochs, bps };
      writeWhole(this.#folder, stateName, JSON.stringify(state));
      for (const { id } of newest.forms) {
        // What went and came again is told from then on: numbers have no holes.
        const from = segments.findLastIndex(({ name }) => !this.#has(name, id)) + 1;
        writeWhole(this.#folder, `${id}.m3u8`, this.#list.text(`${id}-`, from));
      }
      writeWhole(this.#folder, listName, masterText(newest, bps));
      const mpd = { epochs, segments, bps, targetS, windowS: this.#windowS, nowMs };
      writeWhole(this.#folder, mpdName, mpdText(mpd));
      this.why = null;
    } catch (cause) {
      this.why = (cause as Error).message;
    }
  }

  #formsOf(tag: string): TrackForm[] {
    return this.#epochs.find((epoch) => epoch.tag === tag)?.forms ?? [];
  }

  #has(name: string, id: string): boolean {
    return this.#formsOf(epochOf(name)).some((form) => form.id === id);
  }

  /** It begins anew at a keyframe, a while later. */
  #failed(why: string): void {
    this.why = why;
    const nowMs = performance.now();
    if (nowMs - this.#begunAtMs > goodAfterMs) this.#againMs = againMs.first;
    this.#againAtMs = nowMs + this.#againMs;
    this.#againMs = Math.min(2 * this.#againMs, againMs.most);
    this.#close();
  }

  #close(): void {
    const files = this.#epoch?.close() ?? [];
    this.#epoch = undefined;
    for (const file of files) this.#remove(file);
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
