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

  return {
    /** It was switched on and does not answer yet. */
    isRising: (encoder: string) => isRising(core().encoder(encoder)),
    isExpectedBack: (encoder: string) => isExpectedBack(core().encoder(encoder).context, now()),
    /** Some stream that may use this box is neither well nor stopped. */
    isUnderSuspicion: (encoder: string) =>
      plan.streams.some(
        ({ id, encoders }) =>
          encoders.some((ref) => ref.encoder === encoder) &&
          !["carried", "stopped"].includes(word(id)),
      ),
    isWantedAt: (destination: string) =>
      plan.streams.some(
        (stream) => stream.destination === destination && word(stream.id) !== "stopped",
      ),
  };
}
