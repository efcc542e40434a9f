import type { Shape } from "../../machines/content/shape.ts";
import { type Frame, type Ticks, ticksPerMs } from "./frame.ts";
import { FrameRate } from "./frame-rate.ts";
import type { Timeline } from "./timeline.ts";
import { leadingUnits, sequence } from "./ts/annex-b.ts";
import { type PictureSet, pictureSet } from "./ts/sps.ts";

/** Over so long it is seen whether the rate is steady. */
const windowTicks = 5_000 * ticksPerMs;
/** RTMP rounds to ms: two pictures of 60 a second are 16 or 17 ms apart. */
const alike = 1.5;
/** Where more than this part of them is further apart than most, or less, the rate is not steady. */
const mostOdd = 0.05;
/** How long it is told that it was not, ms. */
const variedMs = 60_000;
/** How long it is told that there was another size, ms. */
const changedMs = 60_000;

/** How the pictures of an input are made: by their parameter sets and by their times. */
export class PictureShape {
  #sps: Buffer | undefined;
  #set: PictureSet | undefined;
  #before: { widthPx: number; heightPx: number; atMs: number } | undefined;
  #last: { timeline: Timeline; dts: Ticks } | undefined;
  #apart: Ticks[] = [];
  #apartTicks = 0;
  #rate = new FrameRate();
  #variedAtMs = -Infinity;

  take(frame: Frame, timeline: Timeline, nowMs: number): void {
    if (frame.damaged) return;
    if (frame.key) this.#look(frame.payload, nowMs);
    this.#rate.take(frame);
    this.#measure(frame, timeline, nowMs);
  }

  /** Its encoder may be another one from now on. */
  forget(): void {
    this.#last = undefined;
    this.#rate = new FrameRate();
    this.#apart = [];
    this.#apartTicks = 0;
  }

  /** @returns null before a keyframe came */
  at(nowMs: number): Omit<Shape, "gopMs" | "sounds"> | null {
    if (!this.#set) return null;
    const { widthPx, heightPx, profile, plain, colour } = this.#set;
    const { atMs = -Infinity, ...size } = this.#before ?? { widthPx: 0, heightPx: 0 };
    const varies = nowMs - this.#variedAtMs < variedMs;
    return {
      ...{ widthPx, heightPx, profile, plain, colour, varies },
      framesPerSecond: varies ? null : this.#rate.perSecond,
      before: nowMs - atMs < changedMs ? size : null,
    };
  }

  #look(payload: Buffer, nowMs: number): void {
    const sps = leadingUnits(payload).find((unit) => (unit[0]! & 31) === sequence);
    if (!sps || this.#sps?.equals(sps)) return;
    const set = pictureSet(sps);
    if (!set) return;
    const { widthPx, heightPx } = this.#set ?? set;
    if (widthPx !== set.widthPx || heightPx !== set.heightPx)
      this.#before = { widthPx, heightPx, atMs: nowMs };
    this.#sps = Buffer.from(sps);
    this.#set = set;
  }

  #measure({ dts, gapBefore }: Frame, timeline: Timeline, nowMs: number): void {
    const last = this.#last;
    this.#last = { timeline, dts };
    if (last?.timeline !== timeline || gapBefore) return;
    this.#apart.push(dts - last.dts);
    this.#apartTicks += dts - last.dts;
    if (this.#apartTicks < windowTicks) return;
    const usual = this.#apart.sort((a, b) => a - b)[this.#apart.length >> 1]!;
    const odd = this.#apart.filter((it) => it > alike * usual || it * alike < usual);
    if (odd.length > mostOdd * this.#apart.length) this.#variedAtMs = nowMs;
    this.#apart = [];
    this.#apartTicks = 0;
  }
}
