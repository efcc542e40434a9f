import type { DestinationProfile } from "./destination-profile.ts";

const encoderSettings = "https://support.google.com/youtube/answer/2853702";
const obs =
  "https://github.com/obsproject/obs-studio plugins/rtmp-services/data/services.json (format 5)";

export const youtube: DestinationProfile = {
  id: "youtube",
  name: "YouTube Live",
  protocols: {
    is: ["rtmp", "rtmps", "hls"],
    isRefused: true,
    source: `${encoderSettings}; HLS: https://support.google.com/youtube/answer/10349430`,
  },
  picture: {
    is: { longSidePx: 3_840, shortSidePx: 2_160 },
    isRefused: true,
    source: encoderSettings,
  },
  mostFramesPerSecond: { is: 60, isRefused: true, source: encoderSettings },
  mostVideoBps: { is: 51_000_000, isRefused: false, source: obs },
  ladder: {
    // Lower ends are those of the page's table for all codecs, the best those it gives for H.264;
    // up to 1080p30 as others quote it.
    source: encoderSettings,
    rungs: [
      rung(720, 30, 3, 4, 8),
      rung(720, 60, 3, 6, 8),
      rung(1_080, 30, 3, 10, 10),
      rung(1_080, 60, 4, 12, 12),
      rung(1_440, 30, 5, 15, 25),
      rung(1_440, 60, 6, 24, 30),
      rung(2_160, 30, 8, 30, 35),
      rung(2_160, 60, 10, 35, 40),
    ],
  },
  audio: { bestBps: 128_000, most: { is: 160_000, isRefused: false, source: obs } },
  keyframes: {
    bestS: 2,
    most: { is: 4, isRefused: false, source: encoderSettings },
    source: encoderSettings,
  },
  key: {
    pattern: /^[a-z0-9]{4}(-[a-z0-9]{4}){3,4}$/,
    looks: "four or five groups of four letters and digits, joined by -",
    // Not documented: keys of another look may exist.
    isRefused: false,
    source: "as YouTube Studio issues them",
  },
};

function rung(
  shortSidePx: number,
  framesPerSecond: number,
  least: number,
  best: number,
  most: number,
) {
  const bps = (mbps: number) => mbps * 1_000_000;
  return {
    shortSidePx,
    framesPerSecond,
    leastBps: bps(least),
    bestBps: bps(best),
    mostBps: bps(most),
  };
}
