import { aSite as aSiteWith } from "../shared/engine/a-site.ts";

const small = {
  source: "studio",
  input: { kind: "testPattern", width: 320, height: 180, framesPerSecond: 15 },
  video: { framesPerSecond: 15, bitrateBps: 300_000, gopSeconds: 1, preset: "ultrafast" },
};

/** A site with one ffmpeg encoder of a small picture. */
export const aSite = (options: Record<string, unknown> = {}) =>
  aSiteWith("ffmpeg", { ...small, ...options });
