import type { ElementaryStream, Frame, Ticks } from "./frame.ts";
import { ticksPerMs } from "./frame.ts";
import type { Gop } from "./gop-store.ts";
import type { InputLine } from "./input-line.ts";
import type { OutputClock } from "./output-clock.ts";

/** A frame in output time; DTS grows with each picture. */
export type OutFrame = Pick<Frame, "track" | "pts" | "dts" | "key" | "payload">;

/** How far the output has come, in output time. */
export type Progress = {
  /** Highest PTS and last DTS of the pictures; null: none yet. */
  pts: Ticks | null;
  dts: Ticks | null;
  /** Last PTS of each sound track; index 0 is empty. */
  sounds: (Ticks | null)[];
};

/** Sound within this of what was sent is the same; half an AAC frame at 48 kHz is 10.7 ms. */
const soundToleranceTicks = 10 * ticksPerMs;
/** Pictures are not further apart than this; what is, is a hole. */
const longestPictureTicks = 1_000 * ticksPerMs;

/** Gives frames their output times, and sees to it that time goes on and nothing comes twice. */
export class Restamp {
  readonly last: Progress;
  /** Times that differ by less are the same picture's. */
  halfPicture: Ticks = 5 * ticksPerMs;
  readonly #clock: OutputClock;
  readonly #send: (frame: OutFrame, streams: ElementaryStream[]) => void;

  constructor(p: {
    clock: OutputClock;
    /** How far the output has come already. */
    progress?: Progress | undefined;
    send: (frame: OutFrame, streams: ElementaryStream[]) => void;
  }) {
    this.#clock = p.clock;
    this.#send = p.send;
    this.last = p.progress ?? { pts: null, dts: null, sounds: [] };
  }

  picture(frame: Frame, shift: Ticks, streams: ElementaryStream[]): void {
    const { key, payload } = frame;
    const lastDts = this.last.dts ?? -Infinity;
    const restamped = frame.dts + shift;
    this.last.pts = Math.max(this.last.pts ?? -Infinity, frame.pts + shift);
    // A decoder never recovers in some players when the keyframe is missing; others may be left out.
    if (frame.damaged || (!key && restamped <= lastDts)) return;
    const dts = Math.max(restamped, lastDts + 1);
    const pts = Math.max(frame.pts + shift, dts);
    if (restamped - lastDts < longestPictureTicks && restamped > lastDts) {
      this.halfPicture = (restamped - lastDts) / 2;
    }
    this.last.dts = dts;
    this.#send({ track: 0, pts, dts, key, payload }, streams);
  }

  /** The sound up to a picture goes before it, as encoders interleave it. */
  sounds(
    { store, streams }: Pick<InputLine, "store" | "streams">,
    gop: Gop,
    shift: Ticks,
    until: Ticks,
  ): void {
    for (const [track, sounds] of store.sounds.entries()) {
      if (sounds === undefined) continue;
      let done = 0;
      // What came between with wrong times is not waited for.
      const newest = sounds.at(-1)?.timeline;
      const isKnownAgain =
        newest === gop.timeline || (newest && this.#clock.shiftOf(newest) !== undefined);
      for (const { timeline, frame } of sounds) {
        // After a jump of one track the other may still be on the timeline before.
        const ownShift = timeline === gop.timeline ? shift : this.#clock.shiftOf(timeline);
        const isOlder =
          ownShift === undefined &&
          (timeline.bornMs <= gop.timeline.bornMs || (isKnownAgain && timeline !== newest));
        const pts = frame.pts + (ownShift ?? 0);
        if (!isOlder && (ownShift === undefined || pts > until)) break;
        done++;
        const last = this.last.sounds[track] ?? until - 2 * this.halfPicture;
        if (isOlder || pts <= last + soundToleranceTicks) continue;
        this.last.sounds[track] = pts;
        this.#send({ track, pts, dts: pts, key: false, payload: frame.payload }, streams);
      }
      store.dropSounds(track, done);
    }
  }
}
