import type { ElementaryStream, Frame, Ticks } from "./frame.ts";
import { spliceTrack, ticksPerMs } from "./frame.ts";
import { type Gop, type GopStore, longestPictureMs } from "./gop-store.ts";
import type { InputLine } from "./input-line.ts";
import type { OutputClock } from "./output-clock.ts";
import type { Timeline } from "./timeline.ts";
import { adtsTicks } from "./ts/adts.ts";

/** A frame in output time; DTS grows with each picture. */
export type OutFrame = Pick<Frame, "track" | "pts" | "dts" | "key" | "payload">;

/** How far the output has come, in output time. */
export type Progress = {
  /** Highest PTS and last DTS of the pictures; null: none yet. */
  pts: Ticks | null;
  dts: Ticks | null;
  /** Last PTS of each sound track; index 0 is empty. */
  sounds: (Ticks | null)[];
  /** Where the last splice information stood. Absent: none yet. */
  splices?: Ticks | undefined;
};

/** Sound within this of what was sent is the same; half an AAC frame at 48 kHz is 10.7 ms. */
const soundToleranceTicks = 10 * ticksPerMs;
/** Where the next sound is further away something may be missing; an AAC frame at 44.1 kHz is 23 ms. */
const mostApartTicks = 25 * ticksPerMs;
type SoundLine = Pick<InputLine, "store" | "streams" | "isDoubtful">;

/** Gives frames their output times, and sees to it that time goes on and nothing comes twice. */
export class Restamp {
  readonly last: Progress;
  /** Times that differ by less are the same picture's. */
  halfPicture: Ticks = 5 * ticksPerMs;
  readonly #clock: OutputClock;
  /** The last picture was left out: the next one is further away than its length. */
  #leftOut = false;
  /** Pictures are not further apart than this; what is, is a hole. */
  readonly #longestPictureTicks: Ticks;
  readonly #send: (frame: OutFrame, streams: ElementaryStream[]) => void;

  constructor(p: {
    clock: OutputClock;
    /** How far the output has come already. */
    progress?: Progress | undefined;
    watchdogMs?: number;
    send: (frame: OutFrame, streams: ElementaryStream[]) => void;
  }) {
    this.#clock = p.clock;
    this.#longestPictureTicks = Math.max(longestPictureMs, p.watchdogMs ?? 0) * ticksPerMs;
    this.#send = p.send;
    this.last = p.progress ?? { pts: null, dts: null, sounds: [] };
  }

  picture(frame: Frame, shift: Ticks, streams: ElementaryStream[]): void {
    const { key, payload } = frame;
    // Another's may still come in its place.
    if (frame.damaged) {
      this.#leftOut = true;
      return;
    }
    const lastDts = this.last.dts ?? -Infinity;
    const restamped = frame.dts + shift;
    this.last.pts = Math.max(this.last.pts ?? -Infinity, frame.pts + shift);
    // What is not above what was sent takes no time; the pictures after it are made of it.
    const dts = Math.max(restamped, lastDts + 1);
    const pts = Math.max(frame.pts + shift, dts);
    const isNext = !frame.gapBefore && !this.#leftOut;
    this.#leftOut = false;
    if (isNext && restamped - lastDts < this.#longestPictureTicks && restamped > lastDts) {
      this.halfPicture = (restamped - lastDts) / 2;
    }
    this.last.dts = dts;
    this.#send({ track: 0, pts, dts, key, payload }, streams);
  }

  /** @param payload with its times moved already @returns false: it has been sent before */
  splice(dts: Ticks, payload: Buffer, streams: ElementaryStream[]): boolean {
    if (dts <= (this.last.splices ?? -Infinity)) return false;
    this.last.splices = dts;
    this.#send({ track: spliceTrack, pts: dts, dts, key: false, payload }, streams);
    return true;
  }

  /**
   * The sound up to a picture goes before it, as encoders interleave it.
   *
   * @param lines who brings the same sound: what the first lacks, or may be damaged, the next fills in
   */
  sounds(lines: readonly SoundLine[], gop: Gop, shift: Ticks, until: Ticks): void {
    const [carrier] = lines;
    const shiftOf = (timeline: Timeline) =>
      timeline === gop.timeline ? shift : this.#clock.shiftOf(timeline);
    const tracks = Math.max(...lines.map(({ store }) => store.sounds.length));
    for (let track = 1; track < tracks; track++) {
      const from = this.last.sounds[track] ?? until - 2 * this.halfPicture;
      const due = (line: SoundLine, isDoubtful: boolean) => () =>
        (line.store.sounds[track] ?? []).flatMap(({ timeline, frame, arrivedMs }) => {
          const pts = frame.pts + (shiftOf(timeline) ?? NaN);
          const isDue = pts > from && pts <= until && line.isDoubtful(arrivedMs) === isDoubtful;
          return isDue ? [{ pts, payload: frame.payload }] : [];
        });
      const clean = lines.map((line) => due(line, false));
      const doubtful = lines.map((line) => due(line, true));
      const send = (pts: Ticks, payload: Buffer) => {
        this.last.sounds[track] = pts;
        this.#send({ track, pts, dts: pts, key: false, payload }, carrier!.streams);
      };
      fill([...clean, ...doubtful], { until, last: () => this.last.sounds[track] ?? from, send });
      this.#forget(carrier!.store, track, gop, shiftOf);
    }
  }

  /** Drops what was sent, and what will never be. */
  #forget(
    store: GopStore,
    track: number,
    gop: Gop,
    shiftOf: (timeline: Timeline) => Ticks | undefined,
  ): void {
    const sounds = store.sounds[track] ?? [];
    const sentTo = (this.last.sounds[track] ?? -Infinity) + soundToleranceTicks;
    // What came between with wrong times is not waited for.
    const newest = sounds.at(-1)?.timeline;
    const isKnownAgain = newest !== undefined && shiftOf(newest) !== undefined;
    const left = sounds.findIndex(({ timeline, frame }) => {
      const shift = shiftOf(timeline);
      if (shift !== undefined) return frame.pts + shift > sentTo;
      // After a jump of one track the other may still be on the timeline before.
      return timeline.bornMs > gop.timeline.bornMs && (!isKnownAgain || timeline === newest);
    });
    store.dropSounds(track, left === -1 ? sounds.length : left);
  }
}

type DueSound = { pts: Ticks; payload: Buffer };

/** Sends what is due of the first; where that leaves a hole, of the next. */
function fill(
  [first, ...others]: (() => DueSound[])[],
  p: { until: Ticks; last: () => Ticks; send: (pts: Ticks, payload: Buffer) => void },
): void {
  if (first === undefined) return;
  for (const { pts, payload } of first()) {
    if (pts > p.until || pts <= p.last() + soundToleranceTicks) continue;
    const lengthTicks = adtsTicks(payload);
    if (pts - p.last() > 1.5 * lengthTicks)
      fill(others, { ...p, until: pts - lengthTicks + soundToleranceTicks });
    p.send(pts, payload);
  }
  if (p.until - p.last() > mostApartTicks) fill(others, p);
}
