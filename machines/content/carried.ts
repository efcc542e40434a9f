/** What a stream brings, as it stands in its bytes. */
import { z } from "zod";
import { word } from "../id.ts";
import { bt709, Colour, colourWords, keepsColour, type WantedColour } from "./colour.ts";
import { type Scan, scans } from "./scan.ts";

export const Carried = z
  .object({
    /** Caption data (ATSC A/53, also where it is empty between two sentences). */
    captions: z.boolean(),
    /** Active format description. */
    activeFormat: z.boolean(),
    /** The source's hours, minutes, seconds and frames. Absent: the relay is older. */
    timecode: z.boolean().optional(),
    /** As it is flagged, whatever the pictures look like. */
    scan: word(scans),
    /** In the order of the programme's map. */
    sounds: z.array(
      z.object({
        /** ISO 639-2; null: it is not told. */
        language: z.string().nullable(),
        channels: z.number().int().nullable(),
        /** Absent: the relay is older, as with the picture. */
        sampleRateHz: z.number().int().nullable().optional(),
      }),
    ),
    /** As large as it is shown; how many come by their times, null: not known yet. */
    picture: z
      .object({
        widthPx: z.number().int(),
        heightPx: z.number().int(),
        framesPerSecond: z.number().nullable(),
      })
      .optional(),
    /** As the pictures look: interlaced ones are combed. Absent: not known. */
    looks: word(scans).optional(),
    /** As it is told with the pictures. Absent: not known. */
    colour: Colour.optional(),
  })
  .meta({ id: "Carried" });
export type Carried = z.infer<typeof Carried>;

/** What is to go out besides a picture and a sound. Absent: it does not matter. */
export type CarryPlan = {
  captions?: true;
  activeFormat?: true;
  /** Splice information of the source, which no encoder brings. */
  splices?: true;
  timecode?: true;
  scan?: Scan;
  colour?: WantedColour;
  sounds?: readonly { language?: string; channels?: number }[];
};

/**
 * What of it is not there, each in words.
 * @param source the colour that its encoder gets, where that is known
 */
export function missingOf(plan: CarryPlan, carried: Carried, source?: Colour): string[] {
  const { sounds = [], scan } = plan;
  return [
    ...(plan.captions && !carried.captions ? ["captions"] : []),
    ...(plan.activeFormat && !carried.activeFormat ? ["the active format"] : []),
    ...(plan.timecode && carried.timecode === false ? ["the timecode"] : []),
    ...(scan !== undefined && scan !== carried.scan ? [`${scan} pictures`] : []),
    // What moves little is not combed, though it is interlaced.
    ...(scan === "progressive" && carried.scan === scan && carried.looks === "interlaced"
      ? ["deinterlaced pictures"]
      : []),
    ...colourMissing(plan.colour, carried.colour, source),
    ...sounds.flatMap(({ language, channels }, n) => {
      const is = carried.sounds[n];
      const [name, count] = [language ?? null, channels ?? null];
      const isThat =
        is !== undefined &&
        (name === null || is.language === name) &&
        (count === null || is.channels === null || is.channels === count);
      const which = [name, count && `${count} channels`].filter(Boolean).join(", ");
      return isThat ? [] : [`sound ${n + 1}${which && ` (${which})`}`];
    }),
  ];
}

function colourMissing(
  wanted: WantedColour | undefined,
  is: Colour | undefined,
  source: Colour | undefined,
): string[] {
  const colour = wanted === "bt709" ? bt709 : wanted === "keep" ? source : undefined;
  if (!is || !colour || keepsColour(colour, is)) return [];
  return [`the colour ${colourWords(colour)}`];
}
