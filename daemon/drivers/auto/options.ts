import type { z } from "zod";
import { FfmpegOptions } from "../ffmpeg/options.ts";
import { GstreamerOptions } from "../gstreamer/options.ts";

/** What a site says of one encoder that either program may run for. */
export const AutoOptions = FfmpegOptions.safeExtend({
  gstLaunch: GstreamerOptions.shape.program,
});
export type AutoOptions = z.infer<typeof AutoOptions>;
