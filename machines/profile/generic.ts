/** Servers of which only the protocol is known: it alone sets limits. */
import type { DestinationProfile } from "./destination-profile.ts";

const anyServer = {
  picture: null,
  mostFramesPerSecond: null,
  mostVideoBps: null,
  ladder: null,
  audio: null,
  keyframes: { bestS: 2, most: null, source: "ours: players that join wait for a keyframe" },
} as const;

const rtmpSpec = "https://rtmp.veriskope.com/pdf/rtmp_specification_1.0.pdf";
export const rtmp: DestinationProfile = {
  ...anyServer,
  id: "rtmp",
  name: "RTMP server",
  protocols: { is: ["rtmp", "rtmps"], isRefused: true, source: rtmpSpec },
  key: {
    // It becomes the last part of an address: neither blanks nor control characters survive that.
    pattern: /^[\x21-\x7e]{1,512}$/,
    looks: "1 to 512 characters without blanks",
    isRefused: true,
    source: "RFC 3986, 2: characters of an address",
  },
};

const srtAccess = "https://github.com/Haivision/srt docs/features/access-control.md";
export const srt: DestinationProfile = {
  ...anyServer,
  id: "srt",
  name: "SRT server",
  protocols: { is: ["srt"], isRefused: true, source: srtAccess },
  key: {
    pattern: /^[\x20-\x7e]{1,512}$/,
    looks: "a stream id of 1 to 512 characters",
    isRefused: true,
    source: srtAccess,
  },
};

const apple =
  "https://developer.apple.com/documentation/http_live_streaming/hls_authoring_specification_for_apple_devices";
export const hls: DestinationProfile = {
  id: "hls",
  name: "HLS",
  protocols: { is: ["hls"], isRefused: true, source: apple },
  // H.264 up to High Profile, Level 4.2.
  picture: { is: { longSidePx: 2_048, shortSidePx: 1_088 }, isRefused: false, source: apple },
  mostFramesPerSecond: { is: 60, isRefused: false, source: apple },
  mostVideoBps: null,
  ladder: {
    source: `${apple}, table of recommended variants; most: 1.5 times that [ours]`,
    rungs: [
      rung(234, 30, 145),
      rung(270, 30, 365),
      rung(360, 30, 730),
      rung(432, 30, 1_100),
      rung(540, 60, 2_000),
      rung(720, 60, 4_500),
      rung(1_080, 60, 7_800),
    ],
  },
  audio: null,
  keyframes: { bestS: 2, most: { is: 2, isRefused: false, source: apple }, source: apple },
  key: {
    pattern: /^[\x21-\x7e]{1,512}$/,
    looks: "1 to 512 characters without blanks",
    isRefused: true,
    source: "RFC 3986, 2: characters of an address",
  },
};

function rung(shortSidePx: number, framesPerSecond: number, bestKbps: number) {
  const bestBps = bestKbps * 1_000;
  return { shortSidePx, framesPerSecond, bestBps, mostBps: 1.5 * bestBps };
}
