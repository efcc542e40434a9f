/** How the pictures and the sound of an input are made, as it stands in its bytes. */
import { z } from "zod";
import { Colour } from "./colour.ts";

export const Shape = z.object({
  widthPx: z.number().int(),
  heightPx: z.number().int(),
  /** `profile_idc` of H.264, table A. */
  profile: z.number().int(),
  /** 4:2:0 in 8 bits, which everybody shows. */
  plain: z.boolean(),
  /** Absent: the relay is older. */
  colour: Colour.optional(),
  /** Over the last seconds; null: not known, or no two are alike. */
  framesPerSecond: z.number().nullable(),
  varies: z.boolean(),
  /** The longest of the last ones; null: none is whole. */
  gopMs: z.number().nullable(),
  sounds: z.number().int(),
  /** It was another one within the last minute. */
  before: z.object({ widthPx: z.number(), heightPx: z.number() }).nullable(),
});
export type Shape = z.infer<typeof Shape>;
