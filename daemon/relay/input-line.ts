import type { Carried } from "../../machines/content/carried.ts";
import type { Misfit } from "../../machines/content/misfit.ts";
import type { Shape } from "../../machines/content/shape.ts";
import { Carries } from "./carries.ts";
import type { ElementaryStream, Frame, Ticks } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { GopStore } from "./gop-store.ts";
import { Hindrances } from "./hindrances.ts";
import { InputMeasures } from "./input-measures.ts";
import { Lateness } from "./lateness.ts";
import { PassingPictures } from "./passing-pictures.ts";
import { PictureShape } from "./picture-shape.ts";
import { type Timeline, Timelines } from "./timeline.ts";

/** What is told of an input besides what it brings. */
export type InputFigures = {
  pictures: number;
  damagedPictures: number;
  continuityErrors: number;
  syncLosses: number;
};

/** A new encoder process catches up at first: its tracks may run ahead of the time that passes, ms. */
const settlingMs = 1_000;

/** Most damage is not seen: it hits bytes that may be anything. It is near damage that is, ms. */
export const doubtMs = 500;
/** B-frames stand between others all the time: after so many pictures without one it makes none. */
const orderedPictures = 250;
/** Longer than anything is kept, ms. */
const rememberedMs = 120_000;

/** One encoder's transport stream, from bytes to GOPs. */
export class InputLine {
  readonly id: string;
  readonly store: GopStore;
  readonly measures = new InputMeasures();
  readonly passing = new PassingPictures();
  readonly #watchdogMs: number;
  readonly #timelines: Timelines;
  readonly #carries = new Carries();
  readonly #shape = new PictureShape();
  readonly #lateness = new Lateness();
  readonly #hindrances: Hindrances;
  readonly #reader = new FrameReader((frame, nowMs) => this.take(frame, nowMs));
  #lastPictureMs = -Infinity;
  /** When it brought something again after a silence. */
  #backMs = -Infinity;
  #ended = false;
  #damage = 0;
  /** When damage was seen. */
  readonly #hurts: { fromMs: number; toMs: number }[] = [];
  readonly #figures = { pictures: 0, damagedPictures: 0 };
  /** Pictures since the last one that is shown before one that came earlier. */
  #inOrder = orderedPictures;
  /** Of the last picture. */
  lastPts: Ticks | undefined;
  timeline: Timeline | undefined;

  /** @param p.watchdogMs without a picture for so long, it is silent */
  constructor(p: { id: string; watchdogMs: number; mostBytes: number }) {
    this.id = p.id;
    this.#watchdogMs = p.watchdogMs;
    this.#timelines = new Timelines(p.watchdogMs);
    this.#hindrances = new Hindrances(p.watchdogMs);
    this.store = new GopStore(p.mostBytes, p.watchdogMs);
  }

  /** @param chunk its bytes are moved about */
  feed(chunk: Buffer, nowMs: number): void {
    this.measures.bytes(chunk.length, nowMs);
    this.#reader.feed(chunk, nowMs);
    const { misfits, faults } = this.#reader;
    this.#hindrances.fed(nowMs, misfits !== undefined, faults.syncLosses);
    this.#lookForDamage(false, nowMs);
  }

  /** Where something came damaged near it, what looks whole may be damaged, too. */
  isDoubtful(arrivedMs: number): boolean {
    return this.#hurts.some(
      ({ fromMs, toMs }) => arrivedMs >= fromMs - doubtMs && arrivedMs <= toMs + doubtMs,
    );
  }

  #lookForDamage(frameIsHurt: boolean, nowMs: number): void {
    const { damage } = this.#reader;
    if (!frameIsHurt && damage === this.#damage) return;
    this.#damage = damage;
    const last = this.#hurts.at(-1);
    if (last && nowMs - last.toMs <= doubtMs) last.toMs = nowMs;
    else this.#hurts.push({ fromMs: nowMs, toMs: nowMs });
    while (this.#hurts[0]!.toMs < nowMs - rememberedMs) this.#hurts.shift();
  }

  /** What it brought lately says nothing of what comes next. */
  forget(): void {
    this.measures.forget();
    this.passing.forget();
  }

  /** How much later than the others' its encoder brings the same picture, ms. */
  get lateMs(): number {
    return this.#timelines.lineage.lateMs ?? 0;
  }
  set lateMs(ms: number) {
    this.#timelines.lineage.lateMs = ms;
  }

  /** Its process has ended, which is known before its silence is. Until it brings something. */
  processEnded(): void {
    this.#ended = true;
  }

  isLive(nowMs: number): boolean {
    return !this.#ended && nowMs - this.#lastPictureMs <= this.#watchdogMs;
  }

  /** It brings pictures, but ever later: it does not keep up. */
  get isLate(): boolean {
    return this.#lateness.ms > this.#watchdogMs;
  }

  get streams(): ElementaryStream[] {
    return this.#reader.streams;
  }

  set streams(streams: ElementaryStream[]) {
    this.#reader.streams = streams;
  }

  get lastPictureMs(): number | undefined {
    return this.#lastPictureMs === -Infinity ? undefined : this.#lastPictureMs;
  }

  get figures(): InputFigures {
    return { ...this.#figures, ...this.#reader.faults };
  }

  /** Besides picture and sound; null: not known. */
  carried(nowMs: number): Carried | null {
    return this.isLive(nowMs) ? this.#carries.at(nowMs, this.streams) : null;
  }

  /** What of it does not go out as it is, or not at all; null: not known yet. */
  misfits(nowMs: number): Misfit[] | null {
    const left = this.#reader.misfits;
    const hindrances = this.#hindrances.at(nowMs, this.store.overflowed);
    if (left === undefined && hindrances.length === 0) return null;
    const reordered: Misfit = { kind: "order", number: 1, format: "B-frames" };
    const order = this.#inOrder < orderedPictures ? [reordered] : [];
    const isOther = left?.some(({ kind }) => kind === "picture") === true;
    const others = hindrances.filter(({ kind }) => kind !== "bytes" || !isOther);
    return [...(left ?? []), ...order, ...others];
  }

  /** How its pictures are made; null: not known. */
  shape(nowMs: number): Shape | null {
    const shape = this.isLive(nowMs) ? this.#shape.at(nowMs) : null;
    const [, ...sounds] = this.streams;
    return shape && { ...shape, gopMs: this.store.longestGopMs ?? null, sounds: sounds.length };
  }

  /** A frame with unrolled times. */
  take(frame: Frame, nowMs: number): void {
    this.#lookForDamage(frame.damaged || frame.gapBefore, nowMs);
    const live = this.isLive(nowMs);
    if (!live && this.#lastPictureMs !== -Infinity) this.#backMs = nowMs;
    if (!live) for (const it of [this.#carries, this.#shape, this.#hindrances]) it.forget();
    this.#carries.take(frame, nowMs);
    const began = !live || nowMs - this.#backMs < settlingMs;
    const why = { wasSilent: began, isDoubtful: this.isDoubtful(nowMs) };
    const timeline = this.#timelines.of(frame, nowMs, why);
    if (frame.track === 0) {
      this.#ended = false;
      this.#lastPictureMs = nowMs;
      const isBefore = timeline === this.timeline && frame.pts < (this.lastPts ?? -Infinity);
      // A time that is wrong shows nothing.
      if (!why.isDoubtful) this.#inOrder = isBefore ? 0 : this.#inOrder + 1;
      this.lastPts = frame.pts;
      this.timeline = timeline;
      if (!why.isDoubtful) this.#lateness.picture(frame.dts, timeline, nowMs);
      this.#shape.take(frame, timeline, nowMs);
      this.#hindrances.picture(frame, timeline, nowMs);
      this.#figures.pictures++;
      if (frame.damaged) this.#figures.damagedPictures++;
    }
    if (!began && !why.isDoubtful) {
      this.measures.frame(frame, timeline, nowMs);
      if (frame.track === 0) this.passing.picture(frame.pts, timeline, nowMs);
    }
    this.store.add(frame, timeline, nowMs);
  }
}
