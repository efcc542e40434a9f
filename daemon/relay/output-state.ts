import { z } from "zod";

const Ticks = z.number();

/** What another process needs to go on in the middle of a frame. */
export const OutputState = z.object({
  /** See `Progress`. */
  progress: z.object({
    pts: Ticks.nullable(),
    dts: Ticks.nullable(),
    sounds: z.array(Ticks.nullable()),
    splices: Ticks.optional(),
  }),
  /** Before the frame that is being written. */
  mux: z.union([
    z.object({
      continuity: z.array(z.number()),
      pmtVersion: z.number(),
      tablesAt: Ticks.nullable(),
      splices: z.number().optional(),
    }),
    z.object({
      origin: Ticks.nullable(),
      videoMs: z.number(),
      headers: z.array(z.number().nullable()),
    }),
  ]),
  /** How much of which frame has been written; null between two frames. */
  partly: z.object({ track: z.number(), dts: Ticks, bytes: z.number() }).nullable(),
  /** Since it began. Absent in states from before they were counted. */
  writes: z.number().default(0),
});
export type OutputState = z.infer<typeof OutputState>;
