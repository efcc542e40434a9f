import { z } from "zod";
import {
  type ConnectionPoint as Point,
  historyPointMs,
  type HistoryRange,
  mostHistorySteps,
} from "./connection-history.ts";

export { historyKeptMs, historyPointMs, mostHistorySteps } from "./connection-history.ts";

/** `connection-history`: what is asked for, by the site's clock. */
export const HistoryAsk = z
  .object({ fromMs: z.number(), toMs: z.number(), stepMs: z.number().int().positive() })
  .refine(isAnswerable, {
    error: `toMs after fromMs, and at most ${mostHistorySteps} steps of whole 30 s between them`,
  });

function isAnswerable({ fromMs, toMs, stepMs }: HistoryRange): boolean {
  const steps = (toMs - fromMs) / stepMs;
  return stepMs % historyPointMs === 0 && steps >= 0 && steps <= mostHistorySteps;
}

/** How a box was to talk to in one step. */
export const ConnectionPoint = z.object({
  atMs: z.number(),
  healthScore: z.number().min(0).max(100).nullable(),
  latencyMs: z.number().nullable(),
  requests: z.number().int(),
  failed: z.number().int(),
  resets: z.number().int(),
  /** A site that keeps none yet leaves it out. */
  temperatureC: z.number().nullable().default(null),
}) satisfies z.ZodType<Point>;

/** The answer. Where the site did not run, or did not drive the box, there are no points. */
export const ConnectionHistory = z.object({ points: z.array(ConnectionPoint) });
export type ConnectionHistory = z.infer<typeof ConnectionHistory>;
