import { z } from "zod";
import { breakerWords } from "../encoder/encoder.contract.ts";
import { word } from "../id.ts";
import { Figure, Published } from "../published.ts";

export const destinationWords = ["unknown", "publishing", "quiet", "refusing"] as const;

/** `destination/<id>/state`: what the far end was seen to receive. */
export const DestinationState = Published.extend({
  name: z.string().optional(),
  state: word(destinationWords),
  /** Publishing, but nothing has moved since the last look. */
  stalled: z.boolean(),
  /** Who publishes, as the far end names it (address, or our own mark); null = cannot tell. */
  by: z.string().nullable(),
  /** Name of the observer that saw it; null = nobody looks. */
  source: z.string().nullable(),
  observedAtMs: z.number().nullable(),
  sinceMs: z.number(),
  /** How whoever could prove it quiet is asked; open: left alone, it failed again and again. */
  breaker: word(breakerWords).optional(),
  /** Absent: the site is older than that. */
  figures: z
    .object({
      /**
       * How old the newest picture there is, by stamps in the programme: from the source where that
       * stamps it, else from whoever stamps it first. Absent where nobody does, never 0.
       */
      latencyMs: Figure.optional(),
    })
    .optional(),
  takeover: word(["exclusive", "primaryBackup", "lastWins", "firstWins"]),
}).meta({ id: "DestinationState" });
export type DestinationState = z.infer<typeof DestinationState>;
