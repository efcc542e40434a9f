import type { EncoderFacts } from "../encoder/facts.ts";
import type { Refusal } from "../encoder/reading.ts";
import type { OutputRef } from "../intents.ts";
import { elapsedMs, type Stamp } from "../time.ts";

/** One start of an encoder on this stream that did not hold the picture for a minute. */
export type Try = {
  encoder: string;
  at: Stamp;
  /** It brought a picture and lost it again, as against: it never brought one. */
  brought: boolean;
  /** The far end did not take it: nothing is wrong with the encoder. */
  refusal?: Refusal;
};

/** A try counts for so long. */
export const tryCountsMs = 10 * 60_000;
const backOffMs = { first: 60_000, longest: 15 * 60_000 };
/** A carrier may lose a picture it brought so often in half a minute; then it is tried each minute. */
const shortCarries = { allowed: 5, withinMs: 30_000 };

/** Why an encoder cannot take over now, or undefined when it can. */
export function hindrance(
  ref: OutputRef,
  facts: EncoderFacts | undefined,
  heldBy: string | undefined,
  stream: string,
  /** Nobody else publishes there: whatever it does, it can be told to. */
  alone = false,
): string | undefined {
  if (!facts) return "is not configured";
  if (heldBy !== undefined && heldBy !== stream) return `carries ${heldBy}`;
  if (facts.link !== "reachable") return "does not answer";
  if (facts.unfit !== undefined) return facts.unfit;
  if (facts.service !== "inService") return `is in ${facts.service}`;
  if (facts.thermal === "protected") return "protects itself from heat";
  if (facts.isPractised) return "is being practised, which ends at once when it is needed";
  const { state, refusal } = facts.outputs[ref.output] ?? {};
  // It asks for the key that it has, and is told to ask anew.
  if (state === "failing" && refusal && heldBy === stream) return undefined;
  if (alone && (state === "streaming" || state === "failing")) return undefined;
  if (state !== "idle") return `its output is ${state ?? "missing"}`;
  return undefined;
}

const recentTries = (encoder: string, tries: readonly Try[], now: Stamp) =>
  tries.filter((t) => t.encoder === encoder && elapsedMs(t.at, now) < tryCountsMs);

/** Of its starts that count, those that brought no picture, and may have by its own fault. */
export const barrenTries = (encoder: string, tries: readonly Try[], now: Stamp): number =>
  recentTries(encoder, tries, now).filter((t) => !t.brought && !t.refusal).length;

/** The newest start that counts did not get past the far end. */
export const isRefusedNow = (tries: readonly Try[], now: Stamp): boolean => {
  const last = tries.at(-1);
  return last?.refusal !== undefined && elapsedMs(last.at, now) < tryCountsMs;
};

/** How long until this encoder may be tried again: 0 = now. */
export function waitMs(encoder: string, tries: readonly Try[], now: Stamp): number {
  const recent = recentTries(encoder, tries, now);
  const last = recent.at(-1);
  if (!last) return 0;
  const barren = recent.filter((t) => !t.brought).length;
  const short = recent.filter((t) => t.brought && elapsedMs(t.at, now) < shortCarries.withinMs);
  if (last.brought && short.length < shortCarries.allowed) return 0;
  const backOff = Math.min(backOffMs.first * 2 ** Math.max(0, barren - 1), backOffMs.longest);
  return Math.max(0, backOff - elapsedMs(last.at, now));
}

export type Choice = { ref: OutputRef } | { inMs: number } | "none";

/**
 * The best next carrier. Fresh ones first, then the order of the configuration, the one that just
 * failed last: it is the cheapest proof that the fault was its own.
 */
export function choose(p: {
  encoders: readonly OutputRef[];
  failed: OutputRef | null;
  tries: readonly Try[];
  hindered: (ref: OutputRef) => boolean;
  rank: (ref: OutputRef) => number;
  now: Stamp;
}): Choice {
  const able = p.encoders.filter((ref) => !p.hindered(ref));
  if (able.length === 0) return "none";
  const sorted = able
    .map((ref, order) => ({
      ref,
      wait: waitMs(ref.encoder, p.tries, p.now),
      key: (ref.encoder === p.failed?.encoder ? 1000 : 0) + p.rank(ref) * 10 + order / 100,
    }))
    .sort((a, b) => a.wait - b.wait || a.key - b.key);
  const best = sorted[0]!;
  return best.wait === 0 ? { ref: best.ref } : { inMs: best.wait };
}

const isTooHot = (facts: EncoderFacts | undefined) =>
  facts?.thermal === "warm" || facts?.thermal === "cooling";

/** A good input and a cool box first; 0 is best. */
export function rank(facts: EncoderFacts | undefined): number {
  const input = facts?.input ?? "unknown";
  return (input === "good" || input === "unknown" ? 0 : 2) + (isTooHot(facts) ? 1 : 0);
}
