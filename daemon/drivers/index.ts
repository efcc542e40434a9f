/** Every vendor: one line here, one folder beside. A driver's code is loaded only when used. */
import type { z } from "zod";
import { AjaHeloOptions } from "./aja-helo/options.ts";
import type { DriverContext, EncoderDriver } from "./driver.ts";
import { FfmpegOptions } from "./ffmpeg/options.ts";

export type Vendor = {
  options: z.ZodType;
  /** Ids of the outputs that can carry a stream. */
  outputs: readonly string[];
  kind: "software" | "hardware";
  /** @param options parsed by this vendor's schema, secrets resolved */
  open(context: DriverContext, options: unknown): Promise<EncoderDriver>;
};

export const vendors: Readonly<Record<string, Vendor>> = {
  ffmpeg: {
    options: FfmpegOptions,
    outputs: ["stream-1"],
    kind: "software",
    async open(context, options) {
      const { openFfmpeg } = await import("./ffmpeg/ffmpeg.ts");
      return openFfmpeg(context, options as FfmpegOptions);
    },
  },
  "aja-helo": {
    options: AjaHeloOptions,
    outputs: ["stream-1"],
    kind: "hardware",
    async open(context, options) {
      const { openAjaHelo } = await import("./aja-helo/aja-helo.ts");
      return openAjaHelo(context, options as AjaHeloOptions);
    },
  },
};
