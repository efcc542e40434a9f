/**
 * Spares: encoders that several streams may use, each for one stream at a time and only for the
 * source that it can show now. One that was used is kept for its stream until a person releases it.
 */
import type { EncoderFacts } from "../encoder/facts.ts";
import type { OutputRef } from "../intents.ts";
import { programmeOf, type StreamPlan } from "../site/plan.ts";
import { isDry } from "./source-loss.ts";

type Covered = { plan: StreamPlan; facts: Record<string, EncoderFacts> };

export const isSpare = ({ plan }: Pick<Covered, "plan">, ref: OutputRef | null): boolean =>
  ref !== null && plan.spares?.includes(ref.encoder) === true;

const primaryOf = ({ relay, fellBackFrom, encoders }: StreamPlan): string =>
  ((relay ?? fellBackFrom?.relay)?.inputs ?? encoders)[0]!.encoder;

const isRoving = ({ plan }: Covered, { encoder }: OutputRef): boolean =>
  plan.roving?.includes(encoder) === true;

/** Nothing comes that it could encode for this stream. */
export const isDryFor = (context: Covered, ref: OutputRef): boolean =>
  isDry(context.facts[isRoving(context, ref) ? primaryOf(context.plan) : ref.encoder]);

/** Why a spare cannot cover this stream now, beside what would hinder any encoder. */
export function spareHindrance(context: Covered, ref: OutputRef): string | undefined {
  const { plan, facts } = context;
  const box = facts[ref.encoder];
  if (!box || !isSpare(context, ref)) return undefined;
  const { inUseFor, input } = box;
  if (inUseFor !== null && inUseFor !== programmeOf(plan)) {
    return `is kept for ${inUseFor} until somebody releases it`;
  }
  // Whether it shows the programme was judged by the stream that had it feed its relay.
  if (plan.feedOf !== undefined) return undefined;
  if (isRoving(context, ref)) {
    return isDryFor(context, ref) ? "would get nothing from the source either" : undefined;
  }
  const source = facts[primaryOf(plan)]?.source ?? null;
  if (source === null) return "could show anything: the primary's source has no name";
  if (box.source !== source) {
    return `shows ${box.source ?? "a source without a name"}, not ${source}`;
  }
  return input === "lost" ? `gets no picture of ${source}` : undefined;
}
