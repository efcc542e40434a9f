import type { Carried } from "../../machines/content/carried.ts";
import type { ElementaryStream, Frame } from "./frame.ts";
import { FrameRate } from "./frame-rate.ts";
import { type Aac, aacOf, channelsOf } from "./ts/adts.ts";
import { leadingUnits, sequence } from "./ts/annex-b.ts";
import { type PictureSet, pictureSet } from "./ts/sps.ts";
import { languageIn } from "./ts/tables.ts";
import { userDataIn } from "./ts/user-data.ts";

/** Nothing of a kind for so long: it is not carried. Encoders bring it with each picture, ms. */
const lostAfterMs = 3_000;

/** What an input brings, and in which form. */
export class Carries {
  #sinceMs: number | undefined;
  #captionsMs = -Infinity;
  #activeFormatMs = -Infinity;
  #timecodeMs = -Infinity;
  #picture: PictureSet | undefined;
  #rate = new FrameRate();
  #sounds: (Aac | undefined)[] = [];

  take(frame: Frame, nowMs: number): void {
    const { track, key, damaged, payload } = frame;
    if (damaged) return;
    if (track > 0) {
      this.#sounds[track] = aacOf(payload) ?? this.#sounds[track];
      return;
    }
    this.#sinceMs ??= nowMs;
    this.#rate.take(frame);
    for (const unit of leadingUnits(payload)) {
      if (key && (unit[0]! & 31) === sequence) this.#picture = pictureSet(unit) ?? this.#picture;
      const userData = userDataIn(unit, this.#picture?.delayBits ?? null);
      if (userData?.captions) this.#captionsMs = nowMs;
      if (userData?.activeFormat) this.#activeFormatMs = nowMs;
      if (userData?.timecode) this.#timecodeMs = nowMs;
    }
  }

  /** Its encoder may be another one from now on. */
  forget(): void {
    this.#sinceMs = undefined;
    this.#picture = undefined;
    this.#rate = new FrameRate();
    this.#sounds = [];
  }

  /** @returns null before it has been seen for long enough to say what is missing */
  at(nowMs: number, [, ...sounds]: readonly ElementaryStream[]): Carried | null {
    if (this.#sinceMs === undefined || nowMs - this.#sinceMs < lostAfterMs) return null;
    if (this.#picture === undefined) return null;
    const { widthPx, heightPx, interlaced } = this.#picture;
    const isThere = (lastMs: number) => nowMs - lastMs < lostAfterMs;
    return {
      captions: isThere(this.#captionsMs),
      activeFormat: isThere(this.#activeFormatMs),
      timecode: isThere(this.#timecodeMs),
      scan: interlaced ? "interlaced" : "progressive",
      sounds: sounds.map(({ descriptors }, n) => {
        const aac = this.#sounds[n + 1];
        return {
          language: languageIn(descriptors) ?? null,
          channels: (aac && channelsOf(aac)) ?? null,
          sampleRateHz: aac?.rateHz ?? null,
        };
      }),
      picture: { widthPx, heightPx, framesPerSecond: this.#rate.perSecond },
    };
  }
}
