import { z } from "zod";

/** Where the off-air time went, ms. null = that step was not needed or not reached. */
export const IncidentSegments = z.object({
  detectMs: z.number().nullable(),
  decideMs: z.number().nullable(),
  fenceMs: z.number().nullable(),
  startMs: z.number().nullable(),
  confirmMs: z.number().nullable(),
});
export type IncidentSegments = z.infer<typeof IncidentSegments>;
