/**
 * Small grey pictures of a programme: enough to see whether it is black, stands still, or is the
 * same as another. 32x18 keeps faces and captions apart and costs 576 bytes.
 */
export const pictureSize = { width: 32, height: 18 } as const;
export const pictureBytes = pictureSize.width * pictureSize.height;

/** Grey levels row by row, 0 (black) … 255. */
export type Luma = Uint8Array;

/** `atMs`: when it arrived, by the pictures' own clock set on ours; only differences count. */
export type Picture = { atMs: number; luma: Luma };

/** Also in a studio range of 16…235, with noise; a station logo may stand on it (2 % of it). */
const black = { highestLevel: 32, ofPicture: 0.98 };

export function isBlack(luma: Luma): boolean {
  let dark = 0;
  for (const level of luma) if (level <= black.highestLevel) dark += 1;
  return dark >= black.ofPicture * luma.length;
}

/** An encoder repeats a standing picture with another quantiser: so much it may differ by. */
const still = { meanLevels: 0.5, mostLevels: 2 };

/** Nothing has moved between the two. */
export function isStill(before: Luma, now: Luma): boolean {
  let sum = 0;
  for (let i = 0; i < now.length; i++) {
    const by = Math.abs(now[i]! - before[i]!);
    if (by > still.mostLevels) return false;
    sum += by;
  }
  return sum <= still.meanLevels * now.length;
}
