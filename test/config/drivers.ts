import { AjaHeloOptions } from "../../daemon/drivers/aja-helo/options.ts";
import { FfmpegOptions } from "../../daemon/drivers/ffmpeg/options.ts";
import type { DriverSchemas } from "../../config/site.schema.ts";

/** The drivers that the examples and the committed JSON Schema are written for. */
export const drivers: DriverSchemas = { "aja-helo": AjaHeloOptions, ffmpeg: FfmpegOptions };
