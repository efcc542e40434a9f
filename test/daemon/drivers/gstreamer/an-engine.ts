import { aSite as aSiteWith } from "../shared/engine/a-site.ts";

export const small = {
  source: "studio",
  input: { kind: "testPattern", width: 320, height: 180, framesPerSecond: 15 },
  video: {
    ...{ framesPerSecond: 15, bitrateBps: 300_000, gopSeconds: 1 },
    ...{ preset: "ultrafast", threads: 1 },
  },
};

/** A site with one GStreamer encoder of a small picture. */
export const aSite = (options: Record<string, unknown> = {}) =>
  aSiteWith("gstreamer", { ...small, ...options });
