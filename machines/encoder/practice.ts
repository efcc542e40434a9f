/**
 * When a box that stands by has last shown that it can: by carrying a programme, or in an exercise.
 * One that never does may turn out not to be able to when it is needed: once a week it is practised,
 * or people are told to.
 */
import type { Exercise, ExerciseNews } from "../exercise/exercise.ts";
import type { Consent, EncoderPlan } from "../site/plan.ts";
import type { Stamp } from "../time.ts";
import type { EncoderState } from "./encoder.contract.ts";
import type { EncoderReading } from "./reading.ts";

/** Unix ms. */
export type Practice = {
  /** Since it is known. */
  sinceMs: number;
  /** null: never since then. */
  lastOnAirAtMs: number | null;
  /** The last exercise that showed its picture. */
  lastDone?: { atMs: number; startMs: number };
  /** The last one, however it ended; `because`: it failed. */
  lastTried?: { atMs: number; because?: string };
  /** It publishes there now because it is practised. */
  underWay?: { output: string; destination: string };
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const overdueAfterMs = 7 * dayMs;
/** One that failed, or was broken off, is not tried again and again. */
const triesAgainAfterMs = dayMs;

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

export function afterExercise(
  before: Practice,
  { output, destination }: Exercise,
  news: ExerciseNews,
  { wallMs: atMs }: Stamp,
): Practice {
  const { underWay: _, ...rest } = before;
  switch (news.word) {
    case "begun":
      return { ...before, underWay: { output, destination } };
    case "stuck":
      return before;
    case "done":
      return { ...rest, lastDone: { atMs, startMs: news.startMs }, lastTried: { atMs } };
    case "failed":
      return { ...rest, lastTried: { atMs, because: news.because } };
    case "broken":
      return { ...rest, lastTried: { ...rest.lastTried, atMs } };
  }
}

/** It publishes because it is practised: that is no breach of being benched. */
export function isExercise(
  practice: Practice | undefined,
  { outputs }: EncoderReading,
  output: string,
): boolean {
  const target = outputs[output]?.target;
  return (
    practice?.underWay?.output === output &&
    (typeof target !== "object" || target.destination === practice.underWay.destination)
  );
}

const idleMs = ({ sinceMs, lastOnAirAtMs, lastDone }: Practice, { wallMs }: Stamp) =>
  wallMs - Math.max(lastOnAirAtMs ?? sinceMs, lastDone?.atMs ?? sinceMs);

const isOverdue = (practice: Practice, now: Stamp) => idleMs(practice, now) >= overdueAfterMs;

export const lastTriedMs = ({ lastTried, sinceMs }: Practice): number => lastTried?.atMs ?? sinceMs;

/** A week without practice, and not tried since yesterday. */
export const isDue = (practice: Practice, now: Stamp): boolean =>
  isOverdue(practice, now) &&
  now.wallMs - (practice.lastTried?.atMs ?? -Infinity) >= triesAgainAfterMs;

/** @param hindrance why it cannot be practised now; asked only when that matters */
export function publishedPractice(
  practice: Practice,
  { plan, now }: Pick<Practising, "plan" | "now">,
  hindrance: () => string | undefined,
): EncoderState["practice"] {
  const { lastOnAirAtMs, lastDone, underWay } = practice;
  const overdue = isOverdue(practice, now());
  const failure = lastFailure(practice);
  const because = overdue ? hindrance() : undefined;
  return {
    lastOnAirAtMs,
    isOverdue: overdue,
    consent: consentOf(plan),
    ...(lastDone && { lastPractisedAtMs: lastDone.atMs, startMs: lastDone.startMs }),
    ...(failure !== undefined && { failure }),
    ...(underWay && { underWayAt: underWay.destination }),
    ...(because !== undefined && !underWay && { hindrance: because }),
  };
}

/** Whoever has carried a programme since is well. */
const lastFailure = ({ lastTried, lastOnAirAtMs }: Practice): string | undefined =>
  lastTried && lastTried.atMs > (lastOnAirAtMs ?? 0) ? lastTried.because : undefined;

const consentOf = ({ practise = "propose" }: EncoderPlan): Consent => practise;

export function practiceWarnings(
  practice: Practice | undefined,
  { plan, now }: Pick<Practising, "plan" | "now">,
): string[] {
  if (!practice) return [];
  const failure = lastFailure(practice);
  const failed =
    failure === undefined
      ? []
      : [`did not come on air when it was practised (${failure}): look at it, then practise again`];
  if (!isOverdue(practice, now())) return failed;
  const days = Math.floor(idleMs(practice, now()) / dayMs);
  const next = consentOf(plan) === "act" ? "it is practised as soon as it may be" : "practise it";
  return [...failed, `has carried nothing for ${days} days: ${next}, to see that it can`];
}
