/**
 * What a stream knows of its picture and sound: what the far end gives back, and what each encoder
 * shows of its own. Lost with a restart and seen again.
 */
import type { QualityLook, QualityPolicy } from "../content/quality.ts";
import type { Comparison } from "../content/compare.ts";
import {
  type ContentFault,
  type ContentLook,
  type ContentPolicy,
  type InformingFault,
  shows,
} from "../content/look.ts";
import { elapsedMs, type Stamp } from "../time.ts";

export type ContentPlan = ContentPolicy & {
  /** How much later the far end gives a picture back than it got it, at most. */
  farEndDelayMs: number;
  /** A comparison says something of the present for so long; absent: ten minutes. */
  comparisonCountsMs?: number;
  /** Absent: what is lost of the source is not measured. */
  quality?: QualityPolicy;
};

/** What can be seen; a lost input is told by the box itself. */
export const visibleFaults = ["black", "frozen", "silent"] as const;
export type VisibleFault = (typeof visibleFaults)[number];
export type ToldFault = VisibleFault | InformingFault;
const toldFaults: readonly ToldFault[] = [...visibleFaults, "loudness"];

export type ContentView = {
  look: ContentLook;
  at: Stamp;
  /** Since when each fault has been there without a gap. */
  since: Partial<Record<ToldFault, Stamp>>;
  /** What of it was told. */
  told: readonly ToldFault[];
};

/** How much is left of its source. */
export type StreamQuality = {
  look: QualityLook;
  at: Stamp;
  /** Since when too much was lost, whenever it was measured. */
  lowSince: Stamp | null;
  told: boolean;
};

export type StreamContent = {
  /** By encoder, or `farEnd`. */
  views: Readonly<Record<string, ContentView>>;
  /** Of the carrier with the encoder that is named. */
  comparison: (Comparison & { carrier: string; with: string; at: Stamp }) | null;
  /** Of the one on air with its source; absent: it was not looked yet. */
  quality?: StreamQuality;
};
export const nothingSeen: StreamContent = { views: {}, comparison: null };
/** No encoder can be called so: ids are in lower case. */
export const farEndView = "farEnd";

/** A look is told at least every 4 s. */
const lookCountsMs = 10_000;
/** After so long nobody knows any more what the other one shows, where they are compared each minute. */
const usuallyCountsMs = 10 * 60_000;
/** Where they are compared so often: as long as three comparisons that could not tell. */
export const comparisonCountsFor = (everyMs: number | null): number =>
  Math.max(usuallyCountsMs, 3 * (everyMs ?? 0));

export const isFresh = ({ at }: { at: Stamp }, now: Stamp) => elapsedMs(at, now) <= lookCountsMs;

/** The view after this look, and which faults came and went. */
export function withLook(
  before: ContentView | undefined,
  look: ContentLook,
  policy: ContentPolicy,
  now: Stamp,
): { view: ContentView; began: ToldFault[]; ended: ToldFault[] } {
  const kept = before && isFresh(before, now) ? before : undefined;
  const since: ContentView["since"] = {};
  for (const fault of toldFaults) {
    if (shows(look, fault, policy) === true) since[fault] = kept?.since[fault] ?? now;
  }
  const view = { look, at: now, since, told: before?.told ?? [] };
  const told = lastingTold(view, policy, now);
  return {
    view: { ...view, told },
    began: told.filter((fault) => !view.told.includes(fault)),
    ended: view.told.filter((fault) => !told.includes(fault)),
  };
}

/**
 * Faults that have lasted for their time, black first.
 * @param notBefore what was seen until then is of another carrier
 */
export function lasting(
  view: ContentView | undefined,
  policy: ContentPolicy,
  now: Stamp,
  notBeforeMs = Infinity,
): VisibleFault[] {
  return lastingOf(visibleFaults, view, policy, now, notBeforeMs);
}

/** Likewise, and what only informs. */
export const lastingTold = (view: ContentView, policy: ContentPolicy, now: Stamp): ToldFault[] =>
  lastingOf(toldFaults, view, policy, now, Infinity);

function lastingOf<F extends ToldFault>(
  faults: readonly F[],
  view: ContentView | undefined,
  policy: ContentPolicy,
  now: Stamp,
  notBeforeMs: number,
): F[] {
  if (!view || !isFresh(view, now)) return [];
  return faults.filter((fault) => {
    const since = view.since[fault];
    const rule = policy[fault];
    return (
      since !== undefined &&
      rule !== undefined &&
      rule.does !== "off" &&
      Math.min(elapsedMs(since, now), notBeforeMs) >= rule.afterMs
    );
  });
}

/** The fault that a takeover should cure, or undefined. */
export function actingFault(
  { views }: StreamContent,
  carrier: string,
  policy: ContentPlan,
  p: { now: Stamp; startedAt: Stamp | null },
): VisibleFault | undefined {
  // What the far end gives back is older than what it gets: at first it is the last carrier's.
  const ownMs =
    p.startedAt === null ? Infinity : elapsedMs(p.startedAt, p.now) - policy.farEndDelayMs;
  return [
    ...lasting(views[farEndView], policy, p.now, ownMs),
    ...lasting(views[carrier], policy, p.now),
  ].find((fault) => policy[fault].does === "act");
}

/**
 * Whether this encoder's own picture is known and free of that fault; undefined = it is not seen.
 * A picture that stands still may be a slide, unless a standing picture is what it shall cure.
 */
export function isFreeOf(
  view: ContentView | undefined,
  fault: ContentFault,
  policy: ContentPolicy,
  now: Stamp,
): boolean | undefined {
  if (!view || !isFresh(view, now) || view.look.word !== "seen") return undefined;
  const { picture } = view.look;
  if (picture === null) return undefined;
  if (picture === "black" || (fault === "frozen" && picture === "still")) return false;
  return fault !== "silent" || shows(view.look, "silent", policy) === false;
}

/**
 * A later look that cannot tell does not take back what was seen: a carrier that has gone black
 * is like nobody.
 */
export function withComparison(
  before: StreamContent["comparison"],
  next: NonNullable<StreamContent["comparison"]>,
  { comparisonCountsMs = usuallyCountsMs }: ContentPlan,
): NonNullable<StreamContent["comparison"]> {
  const stands =
    before !== null &&
    next.word === "cannotTell" &&
    before.carrier === next.carrier &&
    before.with === next.with &&
    elapsedMs(before.at, next.at) < comparisonCountsMs;
  return stands ? before : next;
}

/** What is known of these two, whichever of them carries. */
export function comparisonOf(
  { comparison }: StreamContent,
  [one, other]: readonly [string, string],
  { comparisonCountsMs = usuallyCountsMs }: ContentPlan,
  now: Stamp,
): StreamContent["comparison"] {
  if (!comparison || elapsedMs(comparison.at, now) >= comparisonCountsMs) return null;
  const pair = [comparison.carrier, comparison.with];
  return pair.includes(one) && pair.includes(other) ? comparison : null;
}

export function comparisonSentence({
  word,
  carrier,
  with: other,
  because,
}: NonNullable<StreamContent["comparison"]>): string {
  const both = `${carrier} and ${other}`;
  if (word === "cannotTell") return `${both} cannot be compared: ${because}`;
  return `${both} show ${word === "same" ? "the same programme" : "different programmes"} (${because})`;
}
