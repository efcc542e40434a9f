/** In what form the slate of a relayed stream is, and who says so. */
import { z } from "zod";
import { Colour } from "../content/colour.ts";
import { word } from "../id.ts";

export const SlateFormat = z
  .object({
    widthPx: z.number().int(),
    heightPx: z.number().int(),
    framesPerSecond: z.number(),
    /** Absent: nothing is told of it. */
    colour: Colour.optional(),
    sounds: z.array(
      z.object({
        sampleRateHz: z.number().int(),
        channels: z.number().int(),
        /** ISO 639-2; null: it is not told. */
        language: z.string().nullable(),
      }),
    ),
    /**
     * `input`: as the last one on air brought it; `configuration`: as it says the size; `default`:
     * nothing said it yet.
     */
    from: word(["input", "configuration", "default"]),
  })
  .meta({ id: "SlateFormat" });
export type SlateFormat = z.infer<typeof SlateFormat>;
