import type { Thumbnail, ThumbnailKind } from "../../machines/content/thumbnail.contract.ts";
import type { Camera } from "./camera.ts";

/** What is older is not sent: that there is none is. */
export const believedMs = 10_000;
const tellNoneEveryMs = 5_000;

type Looked = { kind: ThumbnailKind; id: string; camera: Camera };
type Sent = { atMs: number; pictureAtMs: number };

/**
 * Which is sent next, one at a time: the newest picture of the place that waited longest. What
 * could not be sent in time is replaced by a newer one and never sent late.
 */
export class Sender {
  readonly #places: readonly Looked[];
  readonly #nowMs: () => number;
  readonly #sent = new Map<Looked, Sent>();

  constructor(places: readonly Looked[], nowMs: () => number) {
    this.#places = places;
    this.#nowMs = nowMs;
  }

  /** Nobody has heard what was said before. */
  forget(): void {
    this.#sent.clear();
  }

  next(): { kind: ThumbnailKind; id: string; thumbnail: Thumbnail } | undefined {
    const nowMs = this.#nowMs();
    const due = this.#places.filter((place) => this.#isDue(place, nowMs));
    const [first] = due.toSorted((a, b) => this.#sentAtMs(a) - this.#sentAtMs(b));
    if (!first) return undefined;
    const { kind, id, camera } = first;
    const picture = this.#picture(first, nowMs);
    this.#sent.set(first, { atMs: nowMs, pictureAtMs: picture?.atMs ?? -Infinity });
    return {
      kind,
      id,
      thumbnail: picture
        ? {
            jpeg: picture.jpeg.toString("base64"),
            ageMs: Math.round(nowMs - picture.atMs),
            because: null,
          }
        : { jpeg: null, ageMs: 0, because: camera.because() },
    };
  }

  #picture({ camera }: Looked, nowMs: number) {
    const newest = camera.newest();
    return newest && nowMs - newest.atMs < believedMs ? newest : undefined;
  }

  #isDue(place: Looked, nowMs: number): boolean {
    const sent = this.#sent.get(place);
    const picture = this.#picture(place, nowMs);
    if (picture) return picture.atMs > (sent?.pictureAtMs ?? -Infinity);
    const newest = place.camera.newest();
    // The one that was sent has an age of its own there.
    if (newest && nowMs - newest.atMs < believedMs) return false;
    return nowMs - (sent?.atMs ?? -Infinity) >= tellNoneEveryMs;
  }

  #sentAtMs = (place: Looked): number => this.#sent.get(place)?.atMs ?? -Infinity;
}
