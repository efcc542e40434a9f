import { isExpectedBack, isRising } from "../machines/encoder/power.ts";
import type { SitePlan } from "../machines/site/plan.ts";
import type { SiteCore } from "../machines/site/site-core.ts";
import { carrierWord } from "../machines/stream/stream.published.ts";
import { now } from "./clock.ts";

/** What is worth looking at more closely than usual, as the machines see it at the moment. */
export type Attention = ReturnType<typeof attention>;

/** @param core asked only after it was opened: what it pays attention with is opened before */
export function attention(plan: SitePlan, core: () => SiteCore) {
  const word = (stream: string) => carrierWord(core().stream(stream));
  // Asked at each poll: with hundreds of streams a look through all of them is most of a poll.
  const mayUse = idsBy(plan.streams, ({ encoders }) => encoders.map(({ encoder }) => encoder));
  const publishesTo = idsBy(plan.streams, ({ destination }) => [destination]);

  return {
    /** It was switched on and does not answer yet. */
    isRising: (encoder: string) => isRising(core().encoder(encoder)),
    isExpectedBack: (encoder: string) => isExpectedBack(core().encoder(encoder).context, now()),
    /** Some stream that may use this box is neither well nor stopped. */
    isUnderSuspicion: (encoder: string) =>
      (mayUse.get(encoder) ?? []).some((id) => !["carried", "stopped"].includes(word(id))),
    isWantedAt: (destination: string) =>
      (publishesTo.get(destination) ?? []).some((id) => word(id) !== "stopped"),
  };
}

function idsBy(
  streams: SitePlan["streams"],
  keysOf: (stream: SitePlan["streams"][number]) => string[],
): ReadonlyMap<string, string[]> {
  const ids = new Map<string, string[]>();
  for (const stream of streams) {
    for (const key of new Set(keysOf(stream))) ids.set(key, [...(ids.get(key) ?? []), stream.id]);
  }
  return ids;
}
