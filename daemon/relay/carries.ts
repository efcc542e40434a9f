import type { Carried } from "../../machines/content/carried.ts";
import type { ElementaryStream, Frame } from "./frame.ts";
import { aacOf } from "./ts/adts.ts";
import { leadingUnits, sequence } from "./ts/annex-b.ts";
import { pictureSet } from "./ts/sps.ts";
import { languageIn } from "./ts/tables.ts";
import { userDataIn } from "./ts/user-data.ts";

/** Nothing of a kind for so long: it is not carried. Encoders bring it with each picture, ms. */
const lostAfterMs = 3_000;

/** What an input brings besides a picture and a sound. */
export class Carries {
  #sinceMs: number | undefined;
  #captionsMs = -Infinity;
  #activeFormatMs = -Infinity;
  #interlaced: boolean | undefined;
  #channels: (number | undefined)[] = [];

  take({ track, key, damaged, payload }: Frame, nowMs: number): void {
    if (damaged) return;
    if (track > 0) {
      this.#channels[track] ??= aacOf(payload)?.channels;
      return;
    }
    this.#sinceMs ??= nowMs;
    for (const unit of leadingUnits(payload)) {
      const userData = userDataIn(unit);
      if (userData?.captions) this.#captionsMs = nowMs;
      if (userData?.activeFormat) this.#activeFormatMs = nowMs;
      if (key && (unit[0]! & 31) === sequence)
        this.#interlaced = pictureSet(unit)?.interlaced ?? this.#interlaced;
    }
  }

  /** Its encoder may be another one from now on. */
  forget(): void {
    this.#sinceMs = undefined;
    this.#interlaced = undefined;
    this.#channels = [];
  }

  /** @returns null before it has been seen for long enough to say what is missing */
  at(nowMs: number, [, ...sounds]: readonly ElementaryStream[]): Carried | null {
    if (this.#sinceMs === undefined || nowMs - this.#sinceMs < lostAfterMs) return null;
    if (this.#interlaced === undefined) return null;
    const isThere = (lastMs: number) => nowMs - lastMs < lostAfterMs;
    return {
      captions: isThere(this.#captionsMs),
      activeFormat: isThere(this.#activeFormatMs),
      scan: this.#interlaced ? "interlaced" : "progressive",
      sounds: sounds.map(({ descriptors }, n) => ({
        language: languageIn(descriptors) ?? null,
        channels: this.#channels[n + 1] ?? null,
      })),
    };
  }
}
