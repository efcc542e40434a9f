import type { GstreamerOptions } from "../gstreamer/options.ts";
import type { AutoOptions } from "./options.ts";

type Same =
  | { options: GstreamerOptions; onlyFfmpeg?: undefined }
  | { options?: undefined; onlyFfmpeg: string };

/** @returns the same for GStreamer, or what is written there that only ffmpeg does: the first of it */
export function asGstreamer(options: AutoOptions): Same {
  const { input, video, audio, gstLaunch: program, ...shared } = options;
  const { codec: encoder, interlace, ...picture } = video;
  const { codec, channels, tracks, ...sound } = audio;
  if (input.kind === "file") return { onlyFfmpeg: "input.kind: file" };
  if (encoder !== "libx264") return { onlyFfmpeg: `video.codec: ${encoder}` };
  if (interlace !== "automatic") return { onlyFfmpeg: `video.interlace: ${interlace}` };
  if (codec === "copy") return { onlyFfmpeg: "audio.codec: copy" };
  if (channels === "keep") return { onlyFfmpeg: "audio.channels: keep" };
  if (tracks > 1) return { onlyFfmpeg: `audio.tracks: ${tracks}` };
  if (shared.captions) return { onlyFfmpeg: "captions: true" };
  const made = { input, video: picture, audio: { ...sound, codec, channels } };
  return { options: { ...shared, ...made, program } };
}
