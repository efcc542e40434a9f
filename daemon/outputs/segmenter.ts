import {
  type ElementaryStream,
  type Frame,
  spliceTrack,
  type Ticks,
  ticksPerMs,
} from "../relay/frame.ts";
import { longestPictureMs } from "../relay/gop-store.ts";
import { Timeline } from "../relay/timeline.ts";
import { annexBUnits, picture, sequence } from "../relay/ts/annex-b.ts";

/** What a decoder must be told before the first picture. */
export type Format = {
  streams: ElementaryStream[];
  sps: Buffer;
  pps: Buffer;
  /** Form by the header of an ADTS frame of each sound track; index 0 is empty. */
  adts: (Buffer | undefined)[];
};

/** Where a segment begins: always with a keyframe. */
export type Cut = {
  pts: Ticks;
  dts: Ticks;
  /** Wall time of its first picture, ms: when it came, freed of how late single pictures are. */
  atMs: number;
  /** It does not go on where the one before ended: something is missing, or it is of another form. */
  discontinuity: boolean;
  format: Format;
};

export type SegmentSink = {
  begin(cut: Cut): void;
  frame(frame: Frame): void;
  end(lengthTicks: Ticks): void;
};

/** A sound that has not come by then is not waited for. */
const keyframesWithoutSound = 3;
/** A keyframe this much before its time is near enough. */
const earlyTicks = 100 * ticksPerMs;
/** Sync, layer, profile, rate and channels; the last two bits already count the bytes of the frame. */
const adtsForm = 0xfffffdc0;

/** Cuts pictures and sounds into segments: at keyframes, at every hole and at every change of form. */
export class Segmenter {
  readonly #segmentTicks: Ticks;
  /** Pictures are not further apart than this; what is, is a hole. */
  readonly #longestPictureTicks: Ticks;
  readonly #sink: SegmentSink;
  #timeline = new Timeline(0, false, {});
  #open: { dts: Ticks; format: Format } | undefined;
  #last: Ticks | undefined;
  #stepTicks: Ticks = 40 * ticksPerMs;
  /** The next segment does not go on where the last one ended. */
  #broken = true;
  #adts: (Buffer | undefined)[] = [];
  /** Keyframes that may still be let go by. */
  #patience: number;
  /** Pictures that came while there was no segment to put them in. */
  unusablePictures = 0;

  /**
   * @param p.needsSound it begins when the form of the sounds is known, too
   * @param p.watchdogMs pictures that come may be so far apart
   */
  constructor(p: {
    segmentMs: number;
    needsSound?: boolean;
    watchdogMs?: number | undefined;
    sink: SegmentSink;
  }) {
    this.#patience = p.needsSound ? keyframesWithoutSound : 0;
    this.#segmentTicks = p.segmentMs * ticksPerMs;
    this.#longestPictureTicks = Math.max(longestPictureMs, p.watchdogMs ?? 0) * ticksPerMs;
    this.#sink = p.sink;
  }

  /** @param wallMs when it came */
  take(frame: Frame, streams: ElementaryStream[], wallMs: number): void {
    if (frame.track === spliceTrack) return this.#open && this.#sink.frame(frame);
    if (frame.track > 0) return this.#sound(frame);
    this.#lookForHole(frame, wallMs);
    this.#timeline.arrived(frame.dts, wallMs);
    if (frame.key && !frame.damaged) this.#key(frame, streams);
    this.#last = frame.dts;
    if (this.#open) this.#sink.frame(frame);
    else this.unusablePictures++;
  }

  /** What is open ends here; what comes next does not go on with it. */
  interrupt(): void {
    this.#broken = true;
    if (this.#open) this.#end(this.#last! + this.#stepTicks);
  }

  #sound(frame: Frame): void {
    const form = Buffer.alloc(4);
    form.writeUInt32BE((frame.payload.readUInt32BE(0) & adtsForm) >>> 0);
    if (this.#adts[frame.track]?.equals(form) !== true) this.#adts[frame.track] = form;
    if (this.#open) this.#sink.frame(frame);
  }

  #lookForHole(frame: Frame, wallMs: number): void {
    if (this.#last === undefined) return;
    const step = frame.dts - this.#last;
    const jumped = step <= 0 || step > this.#longestPictureTicks;
    if (jumped) this.#timeline = new Timeline(wallMs, true, {});
    if (jumped || frame.damaged || frame.gapBefore) this.interrupt();
    else this.#stepTicks = step;
  }

  #key(frame: Frame, streams: ElementaryStream[]): void {
    const format = this.#formatOf(frame, streams);
    // A keyframe without its parameter sets goes by those before it.
    if (!format) return;
    if (this.#patience > 0 && streams.some((_, track) => track > 0 && !this.#adts[track])) {
      this.#patience--;
      return;
    }
    const { dts } = frame;
    const changed = this.#open !== undefined && !isSame(this.#open.format, format);
    const isDue = this.#open && dts - this.#open.dts >= this.#segmentTicks - earlyTicks;
    if (this.#open && !changed && !isDue) return;
    if (this.#open) this.#end(dts);
    const atMs = this.#timeline.offsetMs + frame.pts / ticksPerMs;
    this.#open = { dts, format };
    const cut = { pts: frame.pts, dts, atMs, format, discontinuity: this.#broken || changed };
    this.#broken = false;
    this.#sink.begin(cut);
  }

  #end(dts: Ticks): void {
    const { dts: from } = this.#open!;
    this.#open = undefined;
    this.#sink.end(dts - from);
  }

  #formatOf({ payload }: Frame, streams: ElementaryStream[]): Format | undefined {
    const units = annexBUnits(payload);
    const sps = units.find((unit) => (unit[0]! & 31) === sequence) ?? this.#open?.format.sps;
    const pps = units.find((unit) => (unit[0]! & 31) === picture) ?? this.#open?.format.pps;
    if (!sps || !pps) return undefined;
    return { streams, sps: Buffer.from(sps), pps: Buffer.from(pps), adts: [...this.#adts] };
  }
}

function isSame(a: Format, b: Format): boolean {
  const same = (one: Buffer | undefined, other: Buffer | undefined) =>
    one === undefined || other === undefined || one.equals(other);
  return (
    a.sps.equals(b.sps) &&
    a.pps.equals(b.pps) &&
    a.streams.length === b.streams.length &&
    a.streams.every((stream, n) => stream.streamType === b.streams[n]!.streamType) &&
    a.streams.every((_, track) => same(a.adts[track], b.adts[track]))
  );
}
