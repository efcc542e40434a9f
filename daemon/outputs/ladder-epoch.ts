import { annexBUnits, picture, sequence } from "../relay/ts/annex-b.ts";
import { aacOf } from "../relay/ts/adts.ts";
import { LadderTrack, type TrackForm } from "./ladder-track.ts";
import { RungEncoder } from "./rung-encoder.ts";
import { type RungName, rungs } from "../../config/rungs.ts";
import { type Frame, type Ticks, ticksPerMs } from "../relay/frame.ts";
import type { Cut, Format } from "./segmenter.ts";
import { pictureSet } from "../relay/ts/sps.ts";

export const sourceId = "source";
/** So many segments, and so much of them, may wait for their smaller sizes. */
const mostUnfinished = { segments: 4, ticks: 12_000 * ticksPerMs };

export type LadderSegment = {
  name: string;
  pts: Ticks;
  atMs: number;
  lengthTicks: Ticks;
  /** Of each track. */
  bytes: Map<string, number>;
};
type Unfinished = Omit<LadderSegment, "lengthTicks"> & { lengthTicks: Ticks | undefined };

/** What lies between two breaks: one form, one clock, one encoder for all smaller sizes. */
export class LadderEpoch {
  readonly tag: string;
  readonly pts: Ticks;
  readonly atMs: number;
  readonly #folder: string;
  readonly #format: Format;
  readonly #names: readonly RungName[];
  readonly #encoder: RungEncoder | undefined;
  readonly #whole: (segment: LadderSegment) => void;
  readonly #failed: (why: string) => void;
  readonly #tracks = new Map<string, LadderTrack>();
  readonly #sounds: readonly string[];
  /** How far each size is: in which of `#unfinished`, and how its clock differs. */
  readonly #at = new Map<RungName, { pts: Ticks; offset: Ticks }>();
  #unfinished: Unfinished[] = [];

  /**
   * @param p.whole a segment is there in every size and sound; they come in order
   * @param p.failed nothing more comes
   */
  constructor(p: {
    tag: string;
    folder: string;
    cut: Cut;
    names: readonly RungName[];
    areSlides: boolean;
    whole: (segment: LadderSegment) => void;
    failed: (why: string) => void;
  }) {
    const { format, pts, atMs } = p.cut;
    this.tag = p.tag;
    this.pts = pts;
    this.atMs = atMs;
    this.#folder = p.folder;
    this.#format = format;
    this.#whole = p.whole;
    this.#failed = p.failed;
    const { heightPx = 0 } = pictureSet(format.sps) ?? {};
    this.#names = p.names.filter((name) => rungs[name].heightPx < heightPx);
    this.#sounds = format.streams.flatMap((_, n) =>
      n > 0 && format.adts[n] && aacOf(format.adts[n]) ? [`sound${n}`] : [],
    );
    this.#track(sourceId, format, 0);
    for (const id of this.#sounds) this.#track(id, format, soundOf(id));
    if (this.#names.length === 0) return;
    this.#encoder = new RungEncoder({
      ...{ names: this.#names, areSlides: p.areSlides, stream: format.streams[0]! },
      take: (name, frame) => this.#trying(() => this.#encoded(name, frame)),
      failed: (why) => this.#failed(why),
    });
  }

  /** Those that have begun, in the order of their sizes. */
  get forms(): TrackForm[] {
    const ids = [sourceId, ...this.#names, ...this.#sounds];
    return ids.flatMap((id) => this.#tracks.get(id)?.form ?? []);
  }

  begin({ pts, atMs }: Cut): void {
    const behind = pts - (this.#unfinished[0]?.pts ?? pts);
    const { segments, ticks } = mostUnfinished;
    if (this.#unfinished.length >= segments && behind > ticks) {
      return this.#fail("the sizes cannot be encoded as fast as the picture comes");
    }
    const name = `${this.tag}-${pts}.m4s`;
    this.#unfinished.push({ name, pts, atMs, lengthTicks: undefined, bytes: new Map() });
    for (const id of [sourceId, ...this.#sounds]) this.#tracks.get(id)!.begin(name);
  }

  frame(frame: Frame): void {
    this.#tracks.get(frame.track === 0 ? sourceId : `sound${frame.track}`)?.frame(frame);
    if (frame.track === 0) this.#encoder?.write(frame);
  }

  end(dts: Ticks, lengthTicks: Ticks): void {
    const segment = this.#unfinished.at(-1)!;
    segment.lengthTicks = lengthTicks;
    for (const id of [sourceId, ...this.#sounds]) {
      segment.bytes.set(id, this.#tracks.get(id)!.end(dts));
    }
    this.#look();
  }

  /** What is not whole by now will not be. @returns files that nobody needs */
  close(): string[] {
    this.#encoder?.close();
    for (const track of this.#tracks.values()) track.close();
    return this.#unfinished.flatMap(({ name, bytes }) =>
      [...bytes.keys()].map((id) => `${id}-${name}`),
    );
  }

  #track(id: string, format: Format, track: number): LadderTrack {
    const made = new LadderTrack({ id, folder: this.#folder, epoch: this.tag, format, track });
    this.#tracks.set(id, made);
    return made;
  }

  #encoded(name: RungName, encoded: Frame): void {
    let at = this.#at.get(name);
    if (!at) {
      at = { pts: this.pts, offset: this.pts - encoded.pts };
      this.#at.set(name, at);
      const track = this.#track(name, formatOf(encoded, this.#format), 0);
      track.begin(this.#unfinished[0]!.name);
    }
    const { offset } = at;
    const frame = { ...encoded, pts: encoded.pts + offset, dts: encoded.dts + offset };
    const track = this.#tracks.get(name)!;
    const next = this.#unfinished.find(({ pts }) => pts > at.pts);
    if (next && frame.pts >= next.pts) {
      if (!frame.key || frame.pts !== next.pts) {
        throw new Error(`${name} has no keyframe where the source has one`);
      }
      this.#unfinished.find(({ pts }) => pts === at.pts)!.bytes.set(name, track.end(frame.dts));
      at.pts = next.pts;
      track.begin(next.name);
      this.#look();
    }
    track.frame(frame);
  }

  #look(): void {
    const tracks = 1 + this.#sounds.length + this.#names.length;
    for (;;) {
      const [first] = this.#unfinished;
      if (first?.lengthTicks === undefined || first.bytes.size < tracks) return;
      this.#unfinished.shift();
      this.#whole({ ...first, lengthTicks: first.lengthTicks });
    }
  }

  #trying(work: () => void): void {
    try {
      work();
    } catch (cause) {
      this.#fail((cause as Error).message);
    }
  }

  #fail(why: string): void {
    this.#encoder?.close();
    this.#failed(why);
  }
}

const soundOf = (id: string) => Number(id.slice("sound".length));

/** The form of a size is that of the source but for what a decoder is told of the picture. */
function formatOf({ payload }: Frame, source: Format): Format {
  const units = annexBUnits(payload);
  const of = (type: number) => {
    const unit = units.find((one) => (one[0]! & 31) === type);
    if (!unit) throw new Error("an encoded size does not begin with a keyframe");
    return Buffer.from(unit);
  };
  return { ...source, sps: of(sequence), pps: of(picture) };
}
