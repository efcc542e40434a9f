import type { DestinationProfile } from "./destination-profile.ts";

const reference = "https://developers.facebook.com/docs/live-video-api/reference";

export const facebook: DestinationProfile = {
  id: "facebook",
  name: "Facebook Live",
  protocols: { is: ["rtmps"], isRefused: true, source: reference },
  picture: { is: { longSidePx: 1_920, shortSidePx: 1_080 }, isRefused: true, source: reference },
  mostFramesPerSecond: { is: 60, isRefused: true, source: reference },
  mostVideoBps: { is: 9_000_000, isRefused: true, source: reference },
  ladder: {
    source: reference,
    // The page gives ranges; their middle is taken as best.
    rungs: [
      rung(360, 30, 400, 1_000),
      rung(480, 30, 600, 2_000),
      rung(720, 30, 1_500, 4_000),
      rung(720, 60, 2_250, 6_000),
      rung(1_080, 30, 3_000, 6_000),
      rung(1_080, 60, 4_500, 9_000),
    ],
  },
  audio: { bestBps: 128_000, most: { is: 256_000, isRefused: true, source: reference } },
  keyframes: {
    bestS: 2,
    most: { is: 4, isRefused: true, source: reference },
    source: reference,
  },
  key: {
    pattern: /^(FB-)?\d+(-\d+-|\?)\S+$/,
    looks: "FB-, numbers and letters joined by -",
    isRefused: false,
    source: "as Live Producer issues them",
  },
};

function rung(shortSidePx: number, framesPerSecond: number, leastKbps: number, mostKbps: number) {
  return {
    shortSidePx,
    framesPerSecond,
    leastBps: leastKbps * 1_000,
    bestBps: ((leastKbps + mostKbps) / 2) * 1_000,
    mostBps: mostKbps * 1_000,
  };
}
