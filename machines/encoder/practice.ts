/**
 * When a box that stands by has last carried a programme. One that never does may turn out not to
 * be able to when it is needed: after a week without, people are told to try it.
 */
import type { EncoderPlan } from "../site/plan.ts";
import type { Stamp } from "../time.ts";
import type { EncoderReading } from "./reading.ts";

/** Unix ms. */
export type Practice = {
  /** Since it is known. */
  sinceMs: number;
  /** null: never since then. */
  lastOnAirAtMs: number | null;
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const overdueAfterMs = 7 * dayMs;

type Practising = { plan: EncoderPlan; now: () => Stamp; holds: readonly string[] };

/** @returns the same object while nothing worth remembering has changed: it is kept on disk. */
export function practised(
  before: Practice | undefined,
  { plan, now, holds }: Practising,
  { outputs }: EncoderReading,
): Practice | undefined {
  if (plan.standsBy !== true) return undefined;
  const { wallMs } = now();
  const known = before ?? { sinceMs: wallMs, lastOnAirAtMs: null };
  const isOnAir = holds.some((output) => outputs[output]?.state === "streaming");
  const isNews = wallMs - (known.lastOnAirAtMs ?? -Infinity) >= hourMs;
  return isOnAir && isNews ? { ...known, lastOnAirAtMs: wallMs } : known;
}

const idleMs = ({ sinceMs, lastOnAirAtMs }: Practice, now: Stamp) =>
  now.wallMs - (lastOnAirAtMs ?? sinceMs);

export function publishedPractice(practice: Practice, now: Stamp) {
  const { lastOnAirAtMs } = practice;
  return { lastOnAirAtMs, isOverdue: idleMs(practice, now) >= overdueAfterMs };
}

export function practiceWarnings(practice: Practice | undefined, now: Stamp): string[] {
  if (!practice || idleMs(practice, now) < overdueAfterMs) return [];
  const days = Math.floor(idleMs(practice, now) / dayMs);
  return [
    `has carried nothing for ${days} days: give it the programme once, outside of events, to see that it can`,
  ];
}
