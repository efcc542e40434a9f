import type { z } from "zod";
import type { EncoderSettings } from "../../../../machines/encoder/settings.ts";
import type { Picture, soundFields } from "./fields.ts";

export type Sound = Pick<z.infer<z.ZodObject<typeof soundFields>>, "bitrateBps"> & {
  codec?: string;
};

type Encoding = { video: Picture & { codec?: string }; audio: Sound };

/** These options, making what a session wants; of what is only passed on nothing can be made. */
export function withSettings<O extends Encoding>(options: O, settings: EncoderSettings): O {
  const { video, audio } = options;
  const { widthPx: width, heightPx: height, videoBitrateBps, audioBitrateBps } = settings;
  const { framesPerSecond = video.framesPerSecond, gopFrames } = settings;
  return {
    ...options,
    video: {
      ...{ ...video, framesPerSecond },
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      ...(videoBitrateBps !== undefined && { bitrateBps: videoBitrateBps }),
      ...(gopFrames !== undefined && { gopSeconds: gopFrames / framesPerSecond }),
    },
    audio: { ...audio, ...(audioBitrateBps !== undefined && { bitrateBps: audioBitrateBps }) },
  };
}

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
