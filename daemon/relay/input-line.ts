import {
  type ElementaryStream,
  type Frame,
  h264StreamType,
  type Ticks,
  ticksPerMs,
} from "./frame.ts";
import { GopStore } from "./gop-store.ts";
import { Timelines } from "./timeline.ts";
import { AdtsCutter } from "./ts/adts.ts";
import { unroll } from "./ts/clock-33.ts";
import { Demux } from "./ts/demux.ts";
import { inspectAccessUnit } from "./ts/h264.ts";
import type { PesUnit } from "./ts/pes.ts";

/** What is told of an input besides what it brings. */
export type InputFigures = {
  pictures: number;
  damagedPictures: number;
  continuityErrors: number;
  syncLosses: number;
};

/** A new encoder process catches up at first: its tracks may run ahead of the time that passes, ms. */
const settlingMs = 1_000;

/** One encoder's transport stream, from bytes to GOPs. */
export class InputLine {
  readonly id: string;
  readonly store: GopStore;
  readonly #watchdogMs: number;
  readonly #timelines = new Timelines();
  readonly #demux: Demux;
  #cutters: AdtsCutter[] = [];
  /** Of each stream in the map, in order: which track it is. Several videos: only the first. */
  #tracks: (number | undefined)[] = [];
  /** A time of this input and when it came: what is unrolled stands near where it must be now. */
  #known: { ticks: Ticks; atMs: number } | undefined;
  #nowMs = 0;
  #lastPictureMs = -Infinity;
  /** When it brought something again after a silence. */
  #backMs = -Infinity;
  #ended = false;
  readonly #figures = { pictures: 0, damagedPictures: 0 };
  streams: ElementaryStream[] = [];
  /** Of the last picture. */
  lastPts: Ticks | undefined;

  /** @param p.watchdogMs without a picture for so long, it is silent */
  constructor(p: { id: string; watchdogMs: number; mostBytes: number }) {
    this.id = p.id;
    this.#watchdogMs = p.watchdogMs;
    this.store = new GopStore(p.mostBytes);
    this.#demux = new Demux({
      streams: (streams) => this.#mapped(streams),
      unit: (index, unit) => this.#unit(index, unit),
    });
  }

  feed(chunk: Buffer, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#demux.feed(chunk);
  }

  /** Its process has ended, which is known before its silence is. Until it brings something. */
  processEnded(): void {
    this.#ended = true;
  }

  isLive(nowMs: number): boolean {
    return !this.#ended && nowMs - this.#lastPictureMs <= this.#watchdogMs;
  }

  get lastPictureMs(): number | undefined {
    return this.#lastPictureMs === -Infinity ? undefined : this.#lastPictureMs;
  }

  get figures(): InputFigures {
    const { continuityErrors, syncLosses } = this.#demux;
    return { ...this.#figures, continuityErrors, syncLosses };
  }

  /** A frame with unrolled times. */
  take(frame: Frame, nowMs: number): void {
    const live = this.isLive(nowMs);
    if (!live && this.#lastPictureMs !== -Infinity) this.#backMs = nowMs;
    const began = !live || nowMs - this.#backMs < settlingMs;
    const timeline = this.#timelines.of(frame, nowMs, began);
    if (frame.track === 0) {
      this.#ended = false;
      this.#lastPictureMs = nowMs;
      this.lastPts = frame.pts;
      this.#figures.pictures++;
      if (frame.damaged) this.#figures.damagedPictures++;
    }
    this.store.add(frame, timeline, nowMs);
  }

  #mapped(streams: ElementaryStream[]): void {
    const isVideo = ({ streamType }: ElementaryStream) => streamType === h264StreamType;
    const video = streams.find(isVideo);
    const sounds = streams.filter((stream) => !isVideo(stream));
    this.streams = video === undefined ? [] : [video, ...sounds];
    this.#tracks = streams.map((stream) => {
      const track = this.streams.indexOf(stream);
      return track === -1 ? undefined : track;
    });
    this.#cutters = sounds.map(() => new AdtsCutter());
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
        if (!sound.damaged) this.take({ track, dts: sound.pts, key: false, ...sound }, this.#nowMs);
      });
      return;
    }
    const { payload } = unit;
    const { key, broken } = inspectAccessUnit(payload);
    this.take(
      { track, pts, dts, key, damaged: damaged || broken, gapBefore, payload },
      this.#nowMs,
    );
  }
}
