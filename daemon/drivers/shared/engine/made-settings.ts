import type { z } from "zod";
import type { EncoderSettings } from "../../../../machines/encoder/settings.ts";
import type { Picture, soundFields } from "./fields.ts";

type Sound = z.infer<z.ZodObject<typeof soundFields>> & { codec?: string };

/** What a program is started with; of what it only passes on nothing is known. */
export function madeSettings(video: Picture & { codec?: string }, audio: Sound): EncoderSettings {
  const { width, height, framesPerSecond, gopSeconds, bitrateBps } = video;
  return {
    ...(video.codec !== "copy" && {
      videoBitrateBps: bitrateBps,
      ...(width !== undefined && { widthPx: width }),
      ...(height !== undefined && { heightPx: height }),
      framesPerSecond,
      gopFrames: Math.max(1, Math.round(gopSeconds * framesPerSecond)),
    }),
    ...((audio.codec ?? "aac") === "aac" && { audioBitrateBps: audio.bitrateBps }),
  };
}
