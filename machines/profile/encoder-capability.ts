/** What kinds of encoders can make, where it is known. A kind that is not here is not judged. */

export type EncoderCapability = {
  longSidePx: { least: number; most: number };
  shortSidePx: { least: number; most: number };
  mostFramesPerSecond: number;
  videoBps: { least: number; most: number };
  audioBps: { least: number; most: number };
  source: string;
};

/** HELO, firmware of the parameter descriptor that the driver was written against. */
const helo: EncoderCapability = {
  longSidePx: { least: 176, most: 1_920 },
  shortSidePx: { least: 120, most: 1_080 },
  mostFramesPerSecond: 60,
  videoBps: { least: 100_000, most: 20_000_000 },
  audioBps: { least: 32_000, most: 256_000 },
  source: "AJA HELO descriptor: StreamingWidth, StreamingHeight, StreamingVideoBitrate, inputs",
};

/** What our own engines take; what the host has the strength for is another matter. */
const engine: EncoderCapability = {
  longSidePx: { least: 16, most: 8_192 },
  shortSidePx: { least: 16, most: 8_192 },
  mostFramesPerSecond: 120,
  videoBps: { least: 50_000, most: 100_000_000 },
  audioBps: { least: 16_000, most: 512_000 },
  source: "options of the ffmpeg and gstreamer drivers",
};

/** @param vendor as an encoder's published identity says it, for example `AJA` */
export function capabilityOf(vendor: string | undefined): EncoderCapability | null {
  switch (vendor?.toLowerCase()) {
    case "aja":
    case "aja-helo":
      return helo;
    case "ffmpeg":
    case "gstreamer":
      return engine;
    default:
      return null;
  }
}
