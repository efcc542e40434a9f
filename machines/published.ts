import { z } from "zod";
import { Id } from "./id.ts";

/** A measured value with its age and where it comes from. */
export const Figure = z
  .object({
    value: z.number(),
    /** Unix time it was taken, ms. */
    atMs: z.number(),
    /** For example "device", "progress", "configured". */
    source: z.string(),
  })
  .meta({ id: "Figure" });
export type Figure = z.infer<typeof Figure>;

/** What every retained state carries, so that a reader can order and age it. */
export const Published = z.object({
  id: Id,
  epoch: z.string(),
  /** `seq` of the last event this state includes. */
  seq: z.number().int().nonnegative(),
  session: z.string(),
  /** Unix time of the change, ms. */
  atMs: z.number(),
});
export type Published = z.infer<typeof Published>;
