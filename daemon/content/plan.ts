import type { DestinationConfig, StreamConfig } from "../../config/site.schema.ts";
import type { CarryPlan } from "../../machines/content/carried.ts";
import { comparisonCountsFor, type ContentPlan } from "../../machines/stream/content.ts";

/** Where the far end's picture is watched: the first observer that is told to. */
export function playbackOf({
  observers,
}: DestinationConfig): { url: string; delayAtMostMs: number } | undefined {
  for (const observer of observers) {
    if (observer.kind !== "hls" && observer.kind !== "ffprobe") continue;
    if (observer.content) return { url: observer.url, ...observer.content };
  }
  return undefined;
}

/** What the machines need of it. */
export function contentPlan(
  content: StreamConfig["content"],
  destination: DestinationConfig,
): ContentPlan {
  const fault = (word: "lost" | "black" | "frozen" | "silent") => ({
    does: content[word].do,
    afterMs: content[word].afterMs,
  });
  return {
    lost: fault("lost"),
    black: fault("black"),
    frozen: fault("frozen"),
    silent: fault("silent"),
    loudness: {
      does: content.loudness.do,
      afterMs: content.loudness.afterMs,
      leastLufs: content.loudness.leastLufs,
      mostLufs: content.loudness.mostLufs,
    },
    silenceBelowDbfs: content.silenceBelowDbfs,
    pairs: content.pairs,
    ...(content.quality.everyMs !== null && {
      quality: { leastSsim: content.quality.leastSsim, afterMs: content.quality.afterMs },
    }),
    comparisonCountsMs: comparisonCountsFor(content.compareEveryMs),
    farEndDelayMs: playbackOf(destination)?.delayAtMostMs ?? 0,
  };
}

export function carryPlan({
  captions,
  activeFormat,
  splices,
  timecode,
  scan,
  colour,
  sounds,
}: NonNullable<StreamConfig["carry"]>): CarryPlan {
  return {
    ...(captions === "keep" && { captions: true }),
    ...(activeFormat === "keep" && { activeFormat: true }),
    ...(splices === "keep" && { splices: true }),
    ...(timecode === "keep" && { timecode: true }),
    ...(scan !== "any" && { scan }),
    ...(colour !== "any" && { colour }),
    ...(sounds && { sounds }),
  };
}
