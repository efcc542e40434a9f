import type { DestinationProfile } from "./destination-profile.ts";

/** As others quote the page; it needs a browser, and was not read itself. */
const guidelines = "https://help.twitch.tv/s/article/broadcasting-guidelines";
const obs =
  "https://github.com/obsproject/obs-studio plugins/rtmp-services/data/services.json (format 5)";

/** The ordinary ingest; Enhanced Broadcasting has wider limits of its own. */
export const twitch: DestinationProfile = {
  id: "twitch",
  name: "Twitch",
  protocols: { is: ["rtmp", "rtmps"], isRefused: true, source: guidelines },
  picture: { is: { longSidePx: 1_920, shortSidePx: 1_080 }, isRefused: true, source: guidelines },
  mostFramesPerSecond: { is: 60, isRefused: true, source: guidelines },
  mostVideoBps: { is: 6_000_000, isRefused: false, source: obs },
  ladder: {
    source: guidelines,
    rungs: [
      { shortSidePx: 720, framesPerSecond: 30, bestBps: 3_000_000, mostBps: 6_000_000 },
      { shortSidePx: 720, framesPerSecond: 60, bestBps: 4_500_000, mostBps: 6_000_000 },
      { shortSidePx: 1_080, framesPerSecond: 30, bestBps: 4_500_000, mostBps: 6_000_000 },
      { shortSidePx: 1_080, framesPerSecond: 60, bestBps: 6_000_000, mostBps: 6_000_000 },
    ],
  },
  audio: { bestBps: 160_000, most: { is: 320_000, isRefused: false, source: obs } },
  keyframes: {
    bestS: 2,
    most: { is: 2, isRefused: false, source: guidelines },
    source: guidelines,
  },
  key: {
    pattern: /^live_\d+_[A-Za-z0-9]+(\?\S*)?$/,
    looks: "live_, a number, _ and letters",
    isRefused: false,
    source: "as the Creator Dashboard issues them",
  },
};
