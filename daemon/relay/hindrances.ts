import type { Misfit } from "../../machines/content/misfit.ts";
import { type Frame, type Ticks, ticksPerMs } from "./frame.ts";
import type { Timeline } from "./timeline.ts";

/** Encoders make a keyframe each 1 to 10 s, ms. */
const rareMs = 15_000;
/** What has brought no picture for so long while bytes came is nothing that has pictures, ms. */
const unreadMs = 5_000;
/** Bytes that come after so long are another transmission, ms. */
const pausedMs = 2_000;
/** So many pictures within a minute that are this far apart, at most, are how it is made. */
const slow = { pictures: 5, withinMs: 60_000, apartMs: 2_000 };

type Seen = { timeline: Timeline; dts: Ticks };

/** Why what comes does not go out, or not as it should: told, so that a person can set it right. */
export class Hindrances {
  readonly #watchdogMs: number;
  #firstMs: number | undefined;
  #keyMs: number | undefined;
  #isRare = false;
  /** Pictures that need no other since the last IDR. */
  #intra = 0;
  #last: Seen | undefined;
  /** When a picture came that is further from the one before than the watchdog waits. */
  #lateMs: number[] = [];
  #fedMs = -Infinity;
  #unreadFromMs: number | undefined;
  #unread: "nothing" | "noPicture" | "bytes" = "nothing";
  #syncLosses = 0;

  constructor(watchdogMs: number) {
    this.#watchdogMs = watchdogMs;
  }

  /** @param isMapped its programme is known @param syncLosses so far */
  fed(nowMs: number, isMapped: boolean, syncLosses: number): void {
    if (nowMs - this.#fedMs > pausedMs) this.#unreadFromMs = undefined;
    this.#fedMs = nowMs;
    if (this.#unreadFromMs === undefined) {
      this.#unreadFromMs = nowMs;
      this.#syncLosses = syncLosses;
    }
    if (nowMs - this.#unreadFromMs < unreadMs) return;
    this.#unread = isMapped && syncLosses === this.#syncLosses ? "noPicture" : "bytes";
  }

  /** Its encoder may be another one from now on. */
  forget(): void {
    this.#firstMs = this.#keyMs = undefined;
    this.#isRare = false;
    this.#intra = 0;
  }

  picture(frame: Frame, timeline: Timeline, nowMs: number): void {
    this.#unreadFromMs = undefined;
    this.#unread = "nothing";
    this.#firstMs ??= nowMs;
    const sinceMs = nowMs - (this.#keyMs ?? this.#firstMs);
    if (sinceMs > rareMs) this.#isRare = true;
    if (frame.intra) this.#intra++;
    if (frame.key) {
      if (this.#keyMs !== undefined && sinceMs <= rareMs) this.#isRare = false;
      this.#keyMs = nowMs;
      this.#intra = 0;
    }
    const apartMs =
      this.#last?.timeline === timeline ? (frame.dts - this.#last.dts) / ticksPerMs : 0;
    if (apartMs > this.#watchdogMs && apartMs <= slow.apartMs) this.#lateMs.push(nowMs);
    this.#last = { timeline, dts: frame.dts };
  }

  /** @param overflowed a GOP was thrown away because it had no end and took too much room */
  at(nowMs: number, overflowed: boolean): Misfit[] {
    this.#lateMs = this.#lateMs.filter((atMs) => nowMs - atMs < slow.withinMs);
    const keyframes = overflowed
      ? "more between two keyframes than there is room for"
      : !this.#isRare
        ? undefined
        : this.#intra > 0
          ? "keyframes that are no IDR (open GOPs)"
          : `keyframes more than ${rareMs / 1_000} s apart`;
    const isSlow = this.#lateMs.length >= slow.pictures;
    const isFed = nowMs - this.#fedMs < pausedMs;
    const unread = isFed ? this.#unread : "nothing";
    const told = (kind: Misfit["kind"], format: string): Misfit => ({ kind, number: 1, format });
    return [
      ...(keyframes === undefined ? [] : [told("keyframes", keyframes)]),
      ...(isSlow ? [told("pace", `more than ${this.#watchdogMs} ms`)] : []),
      ...(unread === "bytes" ? [told("bytes", "no transport stream")] : []),
      ...(unread === "noPicture" ? [told("bytes", "no picture")] : []),
    ];
  }
}
