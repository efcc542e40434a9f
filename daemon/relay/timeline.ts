import { type Frame, type Ticks, ticksPerMs } from "./frame.ts";

/** Timestamps that run this much ahead of the clock on the wall have jumped, ms. */
const leastAheadMs = 200;
/** The least delay is looked for in this time, and in as much before it, ms. */
const windowMs = 5_000;
/** All tracks of an encoder jump by the same, but for how they are interleaved, ms. */
const togetherMs = 1_000;
/** A delay counts when the encoder has gone on for so long after it, ms. */
const provedMs = 500;

/**
 * Which timeline of an input was the last that the output could go by, and by how much later than
 * the others' its encoder brings the same picture, ms.
 */
export type Lineage = { trusted?: Timeline; lateMs?: number };

/** A run of timestamps of one input without a jump: one epoch of its clock. */
export class Timeline {
  readonly lineage: Lineage;
  readonly bornMs: number;
  /** It began in mid-stream, by a jump; not with the input's first frame after a silence. */
  readonly jumped: boolean;
  /** The output's shift under which its times were seen to be right. */
  provenShift: Ticks | undefined;
  #least = Infinity;
  #leastBefore = Infinity;
  #windowFromMs: number;
  /** What came lately: an encoder that is stopped sends what it still holds, earlier than ever. */
  #lately: { atMs: number; offsetMs: number }[] = [];

  constructor(bornMs: number, jumped: boolean, lineage: Lineage) {
    this.lineage = lineage;
    this.bornMs = bornMs;
    this.jumped = jumped;
    this.#windowFromMs = bornMs;
  }

  /** Least of arrival minus DTS over the last 5 to 10 s, ms: relay time 0 of this timeline. */
  get offsetMs(): number {
    const least = Math.min(this.#least, this.#leastBefore);
    const known = least < Infinity ? least : Math.min(...this.#lately.map((it) => it.offsetMs));
    return known - (this.lineage.lateMs ?? 0);
  }

  get isKnown(): boolean {
    return this.#lately.length > 0 || this.#least < Infinity;
  }

  arrived(dts: Ticks, nowMs: number): void {
    if (nowMs - this.#windowFromMs > windowMs) {
      this.#leastBefore = this.#least;
      this.#least = Infinity;
      this.#windowFromMs = nowMs;
    }
    this.#lately.push({ atMs: nowMs, offsetMs: nowMs - dts / ticksPerMs });
    while (this.#lately[0]!.atMs < nowMs - provedMs) {
      this.#least = Math.min(this.#least, this.#lately.shift()!.offsetMs);
    }
  }
}

type Seen = { timeline: Timeline; dts: Ticks; atMs: number };
/** What came last, and what came before that at another time. */
type Track = { last: Seen; before: Seen | undefined };

type Circumstances = {
  /** Other times after a silence are no jump: a new encoder began. */
  wasSilent: boolean;
  /** Damage was seen lately: times may be wrong, too. */
  isDoubtful: boolean;
};

/** Sorts the frames of one input into timelines. All tracks share them: one offset for both. */
export class Timelines {
  readonly #tracks: Track[] = [];
  readonly lineage: Lineage = {};
  readonly #aheadMs: number;
  #newest: Timeline | undefined;

  /** @param watchdogMs with pictures that may be so far apart: those of a file come all at once */
  constructor(watchdogMs = 0) {
    this.#aheadMs = Math.max(leastAheadMs, watchdogMs - leastAheadMs);
  }

  of(frame: Pick<Frame, "track" | "dts">, nowMs: number, why: Circumstances): Timeline {
    const { track, dts } = frame;
    const { last, before } = this.#tracks[track] ?? {};
    const timeline = this.#find(last, before, dts, nowMs, why);
    const earlier = last?.atMs === nowMs ? before : last;
    this.#tracks[track] = { last: { timeline, dts, atMs: nowMs }, before: earlier };
    if (!why.isDoubtful || !timeline.isKnown) timeline.arrived(dts, nowMs);
    return timeline;
  }

  #find(
    last: Seen | undefined,
    before: Seen | undefined,
    dts: Ticks,
    nowMs: number,
    { wasSilent, isDoubtful }: Circumstances,
  ): Timeline {
    if (last !== undefined && this.#goesOn(last, dts, nowMs)) return last.timeline;
    // One damaged time makes no jump.
    if (isDoubtful && before !== undefined && this.#goesOn(before, dts, nowMs))
      return before.timeline;
    // The first track that jumps begins a timeline, the others join it.
    const newest = this.#newest;
    if (newest !== undefined && last?.timeline !== newest) {
      const apartMs = Math.abs(nowMs - dts / ticksPerMs - newest.offsetMs);
      if (!isDoubtful || apartMs < togetherMs) return newest;
    }
    this.#newest = new Timeline(nowMs, last !== undefined && !wasSilent, this.lineage);
    return this.#newest;
  }

  #goesOn(last: Seen, dts: Ticks, nowMs: number): boolean {
    const aheadByMs = (dts - last.dts) / ticksPerMs;
    return aheadByMs > 0 && aheadByMs <= nowMs - last.atMs + this.#aheadMs;
  }
}
