/** The media playlist of a live programme, RFC 8216: what is in it, what leaves it, how it reads. */
import { z } from "zod";
import { DateRange, rangeLines, rangesSince, withSplice } from "./date-ranges.ts";

const Segment = z.object({
  number: z.number().int(),
  name: z.string(),
  /** Seconds, as they are written. */
  lengthS: z.number(),
  /** Wall time of its first picture, ms. */
  atMs: z.number(),
  discontinuity: z.boolean(),
  bytes: z.number(),
  /** File with what a decoder is told first, where the segments do not hold it themselves. */
  map: z.string().optional(),
});
export type Segment = z.infer<typeof Segment>;

export const ListState = z.object({
  /** Number of the next segment. */
  next: z.number().int().nonnegative(),
  /** How many discontinuities have left the list. */
  discontinuities: z.number().int().nonnegative(),
  targetS: z.number().int().positive(),
  /** Longest it has been, s: so long a player may still ask for what has left it. */
  longestS: z.number(),
  segments: z.array(Segment),
  /** Those that have left the list, and until when they are kept. */
  left: z.array(Segment.extend({ untilMs: z.number() })),
  /** Splices that are told in it. Absent in states from before they were. */
  ranges: z.array(DateRange).optional(),
});
export type ListState = z.infer<typeof ListState>;

/** A list is never shorter than this many target durations (RFC 8216, 6.2.2). */
const leastTargets = 3;

export class LiveList {
  readonly #windowS: number;
  #state: ListState;

  /**
   * @param p.state as an earlier process left it
   * @param p.from number of the first segment, where there is no such state
   */
  constructor(p: { windowS: number; targetS: number; state?: ListState; from?: number }) {
    this.#windowS = p.windowS;
    const next = p.from ?? 0;
    const empty = { next, discontinuities: next, longestS: 0, segments: [], left: [] };
    const state = p.state ?? { ...empty, targetS: p.targetS };
    // It may not change; a list that needs more for its segments is not read by some players.
    this.#state = { ...state, targetS: Math.max(state.targetS, p.targetS) };
  }

  get state(): ListState {
    return this.#state;
  }

  get next(): number {
    return this.#state.next;
  }

  get isEmpty(): boolean {
    return this.#state.segments.length === 0;
  }

  add(segment: Omit<Segment, "number">, nowMs: number): void {
    const { next, targetS, left } = this.#state;
    const segments = [...this.#state.segments, { ...segment, number: next }];
    const target = Math.max(targetS, Math.round(segment.lengthS));
    const leastS = Math.max(this.#windowS, leastTargets * target);
    const longestS = Math.max(this.#state.longestS, totalS(segments));
    const gone: Segment[] = [];
    while (totalS(segments) - segments[0]!.lengthS >= leastS) gone.push(segments.shift()!);
    const keptMs = (one: Segment) => (one.lengthS + longestS) * 1_000;
    const ranges = rangesSince(this.#state.ranges ?? [], segments[0]!.atMs);
    this.#state = {
      ...(ranges.length > 0 && { ranges }),
      next: next + 1,
      discontinuities:
        this.#state.discontinuities + gone.filter(({ discontinuity }) => discontinuity).length,
      targetS: target,
      longestS,
      segments,
      left: [...left, ...gone.map((one) => ({ ...one, untilMs: nowMs + keptMs(one) }))],
    };
  }

  /** @param startMs wall time of the picture that it is meant for @returns false: it is no news */
  splice(section: Buffer, startMs: number): boolean {
    const before = this.#state.ranges ?? [];
    const ranges = withSplice(before, section, startMs);
    this.#state = { ...this.#state, ranges: [...ranges] };
    return ranges !== before;
  }

  /** Forgets those that nobody can be asking for any more. @returns files that are not needed */
  expire(nowMs: number): string[] {
    const { left } = this.#state;
    const isOver = ({ untilMs }: { untilMs: number }) => untilMs <= nowMs;
    if (!left.some(isOver)) return [];
    this.#state = { ...this.#state, left: left.filter((one) => !isOver(one)) };
    const needed = this.files;
    const over = left.filter(isOver).flatMap(({ name, map }) => (map ? [name, map] : [name]));
    return [...new Set(over)].filter((name) => !needed.has(name));
  }

  /** All that may be asked for. */
  get files(): ReadonlySet<string> {
    const all = [...this.#state.segments, ...this.#state.left];
    return new Set(all.flatMap(({ name, map }) => (map ? [name, map] : [name])));
  }

  /**
   * @param prefix stands before the name of each file
   * @param from the first segment of the list that is told
   */
  text(prefix = "", from = 0): string {
    const { targetS, segments: all } = this.#state;
    const segments = all.slice(from);
    const before = all.slice(0, from).filter(({ discontinuity }) => discontinuity).length;
    const discontinuities = this.#state.discontinuities + before;
    const lines = [
      ...["#EXTM3U", "#EXT-X-VERSION:6", `#EXT-X-TARGETDURATION:${targetS}`],
      `#EXT-X-MEDIA-SEQUENCE:${segments[0]?.number ?? this.next}`,
      `#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuities}`,
      "#EXT-X-INDEPENDENT-SEGMENTS",
    ];
    lines.push(...rangeLines(this.#state.ranges ?? []));
    let map: string | undefined;
    for (const segment of segments) {
      if (segment.discontinuity) lines.push("#EXT-X-DISCONTINUITY");
      if (segment.map !== undefined && segment.map !== map) {
        lines.push(`#EXT-X-MAP:URI="${prefix}${segment.map}"`);
        map = segment.map;
      }
      lines.push(
        `#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.atMs).toISOString()}`,
        `#EXTINF:${segment.lengthS.toFixed(3)},`,
        `${prefix}${segment.name}`,
      );
    }
    return `${lines.join("\n")}\n`;
  }
}

const totalS = (segments: Segment[]) => segments.reduce((sum, { lengthS }) => sum + lengthS, 0);
