import type { SpliceNews, Splices } from "../../machines/stream/relay/splices.ts";
import { sectionIn, type Splice, spliceIn } from "../../machines/stream/scte35.ts";
import { type Ticks, ticksPerMs } from "./frame.ts";
import { unroll } from "./ts/clock-33.ts";
import { Demux } from "./ts/demux.ts";

/** The ingest says so each second, ms. */
const toldWithinMs = 3_000;
/** What stands so much before what goes out now has been missed. */
const missedTicks = 10_000 * ticksPerMs;
/** Longer than anything is held; what waits for longer belongs to nothing that will go out. */
const mostWaitMs = 120_000;

/** With the source's times: behind which picture it stands, and what is in it. */
type Found = { section: Uint8Array; stands: number };
type Waiting = Found & { cameMs: number };

/** Splice information as the ingest found it, on the clock of the pictures that it gives its encoders. */
export class SpliceLine {
  readonly #demux: Demux;
  #waiting: Waiting[] = [];
  #nowMs = 0;
  #told: { isThere: boolean; atMs: number } | undefined;
  /** Of the last that was told. */
  #last: { splice: Splice; news: SpliceNews } | undefined;
  #damaged = 0;
  #missed = 0;

  constructor() {
    this.#demux = new Demux({
      streams: () => undefined,
      unit: () => undefined,
      map: (hasSplices) => (this.#told = { isThere: hasSplices, atMs: this.#nowMs }),
      splice: (section, clock) => this.#came(section, clock),
    });
  }

  feed(bytes: Buffer, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#demux.feed(bytes);
  }

  report(nowMs: number): Splices {
    const isThere = this.isThere(nowMs);
    const last = this.#last?.news ?? null;
    return { isThere, damaged: this.#damaged, missed: this.#missed, last };
  }

  /** Whether the source has any; null: not known. */
  isThere(nowMs: number): boolean | null {
    const { isThere, atMs } = this.#told ?? { isThere: null, atMs: -Infinity };
    return nowMs - atMs <= toldWithinMs ? isThere : null;
  }

  #came(bytes: Buffer, clock: number | undefined): void {
    const section = sectionIn(bytes);
    if (typeof section === "string" || clock === undefined) this.#damaged++;
    else this.#waiting.push({ section, stands: clock, cameMs: this.#nowMs });
  }

  /**
   * Those that stand before the picture that goes out next, in the order in which they came.
   *
   * @param until time of that picture @param shift from the source's times to the output's
   */
  due(until: Ticks, shift: Ticks, nowMs: number): (Found & { dts: Ticks })[] {
    const due: (Found & { dts: Ticks })[] = [];
    for (;;) {
      const first = this.#waiting[0];
      if (first === undefined) return due;
      const dts = unroll(first.stands, until - shift) + shift;
      const isMissed = dts < until - missedTicks || first.cameMs < nowMs - mostWaitMs;
      if (!isMissed && dts >= until) return due;
      this.#waiting.shift();
      if (isMissed) this.#missed++;
      else due.push({ ...first, dts });
    }
  }

  /** It has gone out: what it begins, ends or cancels is told, once. */
  sent({ section, stands }: Found): void {
    const splice = spliceIn(section);
    const { eventId, direction, cancelled, pts, durationTicks } = splice;
    if (direction === null && !cancelled) return;
    if (JSON.stringify(splice) === JSON.stringify(this.#last?.splice)) return;
    const number = (this.#last?.news.number ?? 0) + 1;
    const leadMs = pts === null ? null : Math.round((unroll(pts, stands) - stands) / ticksPerMs);
    const durationMs = durationTicks === null ? null : Math.round(durationTicks / ticksPerMs);
    const news = { number, eventId, direction, cancelled, leadMs, durationMs };
    this.#last = { splice, news };
  }
}
