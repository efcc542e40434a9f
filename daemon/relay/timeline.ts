import { type Frame, type Ticks, ticksPerMs } from "./frame.ts";

/** Timestamps that run this much ahead of the clock on the wall have jumped, ms. */
const aheadMs = 200;
/** The least delay is looked for in this time, and in as much before it, ms. */
const windowMs = 5_000;
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
  /** The output's shift under which its pictures were seen to be those of another input. */
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

type Track = { timeline: Timeline; dts: Ticks; atMs: number };

/** Sorts the frames of one input into timelines. All tracks share them: one offset for both. */
export class Timelines {
  readonly #tracks: Track[] = [];
  readonly lineage: Lineage = {};
  #newest: Timeline | undefined;

  /** @param wasSilent other times after a silence are no jump: a new encoder began */
  of({ track, dts }: Pick<Frame, "track" | "dts">, nowMs: number, wasSilent: boolean): Timeline {
    const timeline = this.#find(this.#tracks[track], dts, nowMs, wasSilent);
    this.#tracks[track] = { timeline, dts, atMs: nowMs };
    timeline.arrived(dts, nowMs);
    return timeline;
  }

  #find(last: Track | undefined, dts: Ticks, nowMs: number, wasSilent: boolean): Timeline {
    if (last !== undefined && goesOn(last, dts, nowMs)) return last.timeline;
    // The first track that jumps begins a timeline, the others join it.
    if (this.#newest !== undefined && last?.timeline !== this.#newest) return this.#newest;
    this.#newest = new Timeline(nowMs, last !== undefined && !wasSilent, this.lineage);
    return this.#newest;
  }
}

function goesOn(last: Track, dts: Ticks, nowMs: number): boolean {
  const aheadByMs = (dts - last.dts) / ticksPerMs;
  return aheadByMs > 0 && aheadByMs <= nowMs - last.atMs + aheadMs;
}
