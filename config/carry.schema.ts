/** What is to go out of a stream besides a picture and a sound, and is told when it is missing. */
import { z } from "zod";
import { section } from "./units.ts";

const kept = z.enum(["keep", "any"]).prefault("any");

export const carry = section({
  captions: kept.describe("keep: caption data (CEA-608/708 in the picture) has to be there"),
  activeFormat: kept.describe("keep: the active format description (AFD) has to be there"),
  splices: z
    .enum(["keep", "any", "drop"])
    .prefault("any")
    .describe(
      "Splice information (SCTE-35) of the SRT or UDP ingest that its encoders hear: keep: has to be there; any: goes out where it comes; drop: never",
    ),
  timecode: kept.describe(
    "keep: timecode (of H.264, with each picture) has to be there; encoders on this host drop it",
  ),
  scan: z
    .enum(["progressive", "interlaced", "any"])
    .prefault("any")
    .describe("How the pictures have to be flagged"),
  colour: z
    .enum(["keep", "bt709", "any"])
    .prefault("any")
    .describe(
      "What is told of its colours: keep: as the ingest gets them; bt709: all of it, in limited range",
    ),
  sounds: z
    .array(
      section({
        language: z
          .string()
          .regex(/^[a-z]{3}$/, "three letters of ISO 639-2, such as deu")
          .exactOptional()
          .describe("As the sound has to be marked"),
        channels: z.int().min(1).max(8).exactOptional().describe("How many it has to have"),
      }),
    )
    .min(1)
    .max(8)
    .exactOptional()
    .describe("Each sound that has to be there, in order"),
});
