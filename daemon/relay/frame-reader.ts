import type { Misfit } from "../../machines/content/misfit.ts";
import {
  type ElementaryStream,
  type Frame,
  h264StreamType,
  spliceTrack,
  type Ticks,
  ticksPerMs,
} from "./frame.ts";
import { AdtsCutter } from "./ts/adts.ts";
import { unroll } from "./ts/clock-33.ts";
import { Demux } from "./ts/demux.ts";
import { inspectAccessUnit } from "./ts/h264.ts";
import type { PesUnit } from "./ts/pes.ts";

/** From the bytes of a transport stream to its pictures and sounds, with unrolled times. */
export class FrameReader {
  readonly #take: (frame: Frame, nowMs: number) => void;
  /** Of the last picture. */
  #dts: Ticks | undefined;
  readonly #demux: Demux;
  #cutters: AdtsCutter[] = [];
  /** Of each stream in the map, in order: which track it is. Several videos: only the first. */
  #tracks: (number | undefined)[] = [];
  /** A time of this stream and when it came: what is unrolled stands near where it must be now. */
  #known: { ticks: Ticks; atMs: number } | undefined;
  #nowMs = 0;
  #damagedSounds = 0;
  /** The picture, then the sounds; empty before they are known, and where there is no picture. */
  streams: ElementaryStream[] = [];

  /** @param withSplices they are taken, too */
  constructor(take: (frame: Frame, nowMs: number) => void, withSplices = false) {
    this.#take = take;
    this.#demux = new Demux({
      streams: (streams, hasSplices) => this.#mapped(streams, withSplices && hasSplices),
      unit: (index, unit) => this.#unit(index, unit),
      ...(withSplices && { splice: (section: Buffer) => this.#splice(section) }),
    });
  }

  /** @param chunk its bytes are moved about */
  feed(chunk: Buffer, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#demux.feed(chunk);
  }

  get faults(): { continuityErrors: number; syncLosses: number } {
    const { continuityErrors, syncLosses } = this.#demux;
    return { continuityErrors, syncLosses };
  }

  /** See {@link Demux}. */
  get misfits(): Misfit[] | undefined {
    return this.#demux.misfits;
  }

  /** Grows with everything that is seen to be wrong, but for pictures, which are told. */
  get damage(): number {
    return this.#demux.continuityErrors + this.#demux.syncLosses + this.#damagedSounds;
  }

  #mapped(streams: ElementaryStream[], hasSplices: boolean): void {
    const isVideo = ({ streamType }: ElementaryStream) => streamType === h264StreamType;
    const video = streams.find(isVideo);
    if (video && hasSplices) video.splices = true;
    const sounds = streams.filter((stream) => !isVideo(stream));
    this.streams = video === undefined ? [] : [video, ...sounds];
    this.#tracks = streams.map((stream) => {
      const track = this.streams.indexOf(stream);
      return track === -1 ? undefined : track;
    });
    this.#cutters = sounds.map(() => new AdtsCutter());
  }

  /** Where in the programme it stands; one from before the first picture is nobody's. */
  #splice(payload: Buffer): void {
    const dts = this.#dts;
    if (dts === undefined) return;
    const whole = { key: false, damaged: false, gapBefore: false };
    this.#take({ track: spliceTrack, pts: dts, dts, ...whole, payload }, this.#nowMs);
  }

  #unit(index: number, unit: PesUnit): void {
    const track = this.#tracks[index];
    if (track === undefined) return;
    const { damaged, gapBefore } = unit;
    this.#known ??= { ticks: unit.dts, atMs: this.#nowMs };
    // Not near the time before it: one wrong time would put all that follow into another epoch.
    const sinceTicks = Math.round((this.#nowMs - this.#known.atMs) * ticksPerMs);
    const near = this.#known.ticks + sinceTicks;
    const dts = unroll(unit.dts, near);
    const pts = unroll(unit.pts, dts);
    if (track > 0) {
      this.#cutters[track - 1]!.cut(unit, pts, (sound) => {
        if (sound.damaged) this.#damagedSounds++;
        else this.#take({ track, dts: sound.pts, key: false, ...sound }, this.#nowMs);
      });
      return;
    }
    this.#dts = dts;
    const { payload } = unit;
    const { key, intra, broken } = inspectAccessUnit(payload);
    const frame = { track, pts, dts, key, intra, damaged: damaged || broken, gapBefore, payload };
    this.#take(frame, this.#nowMs);
  }
}
