/** What is kept of how a box was to talk to, and how hot it was, and for how long. */

/** A point is kept for each of these, ms. Steps are whole multiples of it. */
export const historyPointMs = 30_000;
/** What is older is forgotten, ms. */
export const historyKeptMs = 7 * 86_400_000;
/** No answer has more steps. */
export const mostHistorySteps = 500;

export type ConnectionPoint = {
  /** When the step began. */
  atMs: number;
  /** The lowest of the step, 0 … 100. */
  healthScore: number | null;
  /** Of one exchange, ms: the slowest median of 30 s. */
  latencyMs: number | null;
  requests: number;
  failed: number;
  /** Connections it broke. */
  resets: number;
  /** The hottest of the step, °C; null: it told none. */
  temperatureC: number | null;
};
export type ConnectionSample = Omit<ConnectionPoint, "atMs" | "temperatureC">;
export type HistoryRange = { fromMs: number; toMs: number; stepMs: number };
