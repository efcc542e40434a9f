/**
 * An exercise: a box that stands by is put on air at a destination where nobody watches, to see
 * that it can and how long it takes, and is taken off again. Never on the key of a programme.
 */
import type { Decision } from "../decision.ts";
import type { OutputRef } from "../intents.ts";
import type { Stamp } from "../time.ts";

/** One that is under way. */
export type Exercise = OutputRef & {
  destination: string;
  keyGeneration: number;
  /** Who wanted it; null: a week without practice. */
  by: string | null;
  begunAt: Stamp;
};

/** How it ended. `broken`: given up for something that matters more. */
export type ExerciseResult =
  { word: "done"; startMs: number } | { word: "failed" | "broken"; because: string };

/** Stands for the programme in the drivers' memory: no stream's key generation is used up. */
export const exerciseStream = "exercise";

/** Longer than any box takes from an order to its picture. */
export const pictureWithinMs = 60_000;

export type ExerciseNews = ExerciseResult | { word: "begun" } | { word: "stuck"; because: string };

export function exerciseDecision(
  { encoder, destination, by }: Exercise,
  news: ExerciseNews,
): Decision {
  const where = `${encoder} was practised at ${destination}`;
  const { severity, message } = {
    begun: () => ({
      severity: "info" as const,
      message: `${encoder} is practised at ${destination}${by === null ? ", as every week" : `, asked for by ${by}`}`,
    }),
    done: ({ startMs = 0 }) => ({
      severity: "info" as const,
      message: `${where}: its picture was there after ${(startMs / 1_000).toFixed(1)} s, and it is off again`,
    }),
    failed: ({ because = "" }) => ({
      severity: "warning" as const,
      message: `${where} and did not come on air: ${because}; do not count on it before somebody has looked`,
    }),
    broken: ({ because = "" }) => ({
      severity: "info" as const,
      message: `${where}, and taken off again before it was seen: ${because}`,
    }),
    stuck: ({ because = "" }) => ({
      severity: "critical" as const,
      message: `${where} and cannot be stopped: ${because}; stop it at the box, it is tried again every 5 s`,
    }),
  }[news.word](news as { startMs?: number; because?: string });
  const { word, ...more } = news;
  return {
    type: "encoder.exercise",
    severity,
    message,
    data: { exercise: word, destination, by, ...more },
  };
}
