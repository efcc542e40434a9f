import { compare, type Comparison, type Lag } from "../../machines/content/compare.ts";
import type { View } from "./view.ts";

/** A view, and how old its picture may be when it is seen there, ms. */
export type SeenWithDelay = { view: View; delayAtMostMs: number };

/** Long enough for five keyframes, within what a minute of decoding may cost. */
const burstSeconds = { shortest: 10, longest: 24, keyframes: 5 };

/**
 * Looks whether two views show the same programme. First by the keyframes that are there anyway;
 * only when they cannot tell, one view is decoded in full for some seconds.
 */
export async function compareViews(
  a: SeenWithDelay,
  b: SeenWithDelay,
  pause: (ms: number) => Promise<void>,
): Promise<Comparison> {
  const lag = lagOf(a, b);
  const atOnce = compareAtOnce(a, b);
  if (atOnce.word === "same") return atOnce;
  // The one that is seen sooner is looked at closely, until the other has shown it, too.
  const [soon, late] = a.delayAtMostMs < b.delayAtMostMs ? [a, b] : [b, a];
  const seconds = Math.min(
    burstSeconds.longest,
    Math.max(
      burstSeconds.shortest,
      2 + Math.ceil((burstSeconds.keyframes * spacingMs(late.view)) / 1_000),
    ),
  );
  const close = await soon.view.burst(seconds);
  if (close.length === 0) return { word: "cannotTell", because: "one of them cannot be seen" };
  await pause(late.delayAtMostMs);
  const kept = late.view.pictures();
  return late === a ? compare(kept, close, lag) : compare(close, kept, lag);
}

/** By what was seen in the last minute: within milliseconds, and it can seldom tell that they differ. */
export const compareAtOnce = (a: SeenWithDelay, b: SeenWithDelay): Comparison =>
  compare(a.view.pictures(), b.view.pictures(), lagOf(a, b));

const lagOf = (a: SeenWithDelay, b: SeenWithDelay): Lag => ({
  leastMs: -b.delayAtMostMs,
  mostMs: a.delayAtMostMs,
});

/** Between the keyframes of a view, ms. */
function spacingMs(view: View): number {
  const pictures = view.pictures();
  const [first, last] = [pictures[0], pictures.at(-1)];
  return first && last && pictures.length > 1
    ? (last.atMs - first.atMs) / (pictures.length - 1)
    : 2_000;
}
