/** The sizes in which a picture goes out besides its own. */

export const rungNames = ["1080p", "720p", "480p", "360p", "240p"] as const;
export type RungName = (typeof rungNames)[number];
export type Rung = { heightPx: number; bitrateBps: number };

export const rungs: Readonly<Record<RungName, Rung>> = {
  "1080p": { heightPx: 1_080, bitrateBps: 4_500_000 },
  "720p": { heightPx: 720, bitrateBps: 2_500_000 },
  "480p": { heightPx: 480, bitrateBps: 1_200_000 },
  "360p": { heightPx: 360, bitrateBps: 700_000 },
  "240p": { heightPx: 240, bitrateBps: 350_000 },
};
