/** What one input brought and the output may still need: whole GOPs and the sound beside them. */
import { type Frame, type Ticks, ticksPerMs } from "./frame.ts";
import type { Timeline } from "./timeline.ts";

/** A keyframe and the pictures up to the next, in decoding order. */
export type Gop = {
  readonly timeline: Timeline;
  readonly frames: Frame[];
  readonly arrivedMs: number;
  /** When its last picture came. */
  lastMs: number;
  /** DTS of the next keyframe; undefined while it has not come. */
  endDts: Ticks | undefined;
  /** A picture of it is wrong or missing. */
  damaged: boolean;
};

export type Sound = {
  readonly timeline: Timeline;
  readonly frame: Frame;
  readonly arrivedMs: number;
};

/** One picture is not shown for longer, but where the watchdog waits for longer, ms. */
export const longestPictureMs = 1_000;
const nothing = Buffer.alloc(0);
/** GOPs whose length is remembered. */
const remembered = 8;

export class GopStore {
  readonly gops: Gop[] = [];
  /** Where the last GOPs began, of those that are gone, too. */
  readonly keys: { timeline: Timeline; pts: Ticks }[] = [];
  /** By track; 0 is empty. */
  readonly sounds: Sound[][] = [];
  #bytes = 0;
  readonly #lengthsMs: number[] = [];
  readonly #mostBytes: number;
  readonly #longestPictureTicks: Ticks;
  /** Pictures thrown away because there was no keyframe before them, or no room. */
  unusablePictures = 0;
  /** The last GOP had no end before there was no more room. */
  overflowed = false;

  /** @param mostBytes for a GOP that does not end; what is older is dropped */
  constructor(mostBytes: number, watchdogMs = longestPictureMs) {
    this.#mostBytes = mostBytes;
    this.#longestPictureTicks = Math.max(longestPictureMs, watchdogMs) * ticksPerMs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The longest of the last GOPs, ms; undefined before one is whole. */
  get longestGopMs(): number | undefined {
    return this.#lengthsMs.length === 0 ? undefined : Math.max(...this.#lengthsMs);
  }

  add(frame: Frame, timeline: Timeline, nowMs: number): void {
    this.#bytes += frame.payload.length;
    if (frame.track > 0) {
      (this.sounds[frame.track] ??= []).push({ timeline, frame, arrivedMs: nowMs });
      return;
    }
    const last = this.gops.at(-1);
    if (frame.key) {
      if (last?.timeline === timeline && last.endDts === undefined) this.#end(last, frame);
      this.keys.push({ timeline, pts: frame.pts });
      if (this.keys.length > remembered) this.keys.shift();
      this.gops.push({
        ...{ timeline, frames: [frame], arrivedMs: nowMs, lastMs: nowMs },
        ...{ endDts: undefined, damaged: frame.damaged },
      });
    } else if (last?.timeline === timeline) {
      last.frames.push(frame);
      last.lastMs = nowMs;
      last.damaged ||= frame.damaged || frame.gapBefore;
    } else {
      this.#bytes -= frame.payload.length;
      this.unusablePictures++;
    }
  }

  #end(gop: Gop, next: Frame): void {
    gop.endDts = next.dts;
    this.overflowed = false;
    gop.damaged ||= next.gapBefore;
    // Time in which nothing came is not part of it.
    if (gop.damaged || next.dts - gop.frames.at(-1)!.dts > this.#longestPictureTicks) return;
    this.#lengthsMs.push((next.dts - gop.frames[0]!.dts) / ticksPerMs);
    if (this.#lengthsMs.length > remembered) this.#lengthsMs.shift();
  }

  /** Drops the GOPs before `gop`, which the output does not need any more. */
  dropBefore(gop: Gop): void {
    while (
      this.gops.length > 0 &&
      this.gops[0] !== gop &&
      this.gops[0]!.arrivedMs < gop.arrivedMs
    ) {
      this.#dropOldest();
    }
  }

  /** Drops the sound of a track up to this one, which was sent. */
  dropSounds(track: number, count: number): void {
    for (const { frame } of this.sounds[track]?.splice(0, count) ?? []) {
      this.#bytes -= frame.payload.length;
    }
  }

  /**
   * Where there is no more room, what was sent of a GOP that has no end goes, but for the place of
   * its keyframe.
   *
   * @param sent so many of its pictures were @returns so many of them are left
   */
  shed(gop: Gop, sent: number): number {
    if (this.#bytes <= this.#mostBytes || sent < 1 || this.gops.at(-1) !== gop) return sent;
    const [key, ...others] = gop.frames.splice(0, sent);
    for (const { payload } of [key!, ...others]) this.#bytes -= payload.length;
    gop.frames.unshift({ ...key!, payload: nothing });
    return 1;
  }

  /** Keeps what came since `sinceMs`, in whole GOPs, and no more than there is room for. */
  trim(sinceMs: number): void {
    while (this.gops.length > 1 && this.gops[1]!.arrivedMs < sinceMs) this.#dropOldest();
    while (this.#bytes > this.#mostBytes && this.gops.length > 0) {
      this.unusablePictures += this.gops[0]!.frames.length;
      this.overflowed ||= this.gops.length === 1;
      this.#dropOldest();
    }
    const first = this.gops[0];
    for (const [track, sounds] of this.sounds.entries()) {
      const older = sounds?.findIndex(
        ({ timeline, frame }) =>
          timeline === first?.timeline && frame.pts >= first.frames[0]!.pts - soundBeforeTicks,
      );
      if (older > 0) this.dropSounds(track, older);
      else if (older === -1 && sounds.length > mostSounds) this.dropSounds(track, 1);
    }
  }

  clear(): void {
    this.gops.length = 0;
    this.sounds.length = 0;
    this.#bytes = 0;
  }

  #dropOldest(): void {
    for (const { payload } of this.gops.shift()!.frames) this.#bytes -= payload.length;
  }
}

/** Sound may have been sent a little less far than the pictures. */
const soundBeforeTicks = 1_000 * ticksPerMs;
/** Of an input that brings no pictures beside it. */
const mostSounds = 2_000;
