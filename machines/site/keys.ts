/** Who may publish on which key: written by the site alone, so there is never a second opinion. */
import type { OutputRef } from "../intents.ts";
import type { ClaimReason } from "../stream/stream.events.ts";

export type Key = {
  /** False after a new or rolled-back journal: somebody may hold it whom we do not remember. */
  known: boolean;
  holder: (OutputRef & { stream: string }) | null;
  /** The fencing token: raised with every grant, never lowered. */
  generation: number;
};
export type Keys = Record<string, Key>;

export const freshKey: Key = { known: false, holder: null, generation: 0 };

/** output `encoder/output` → the stream that holds it. */
export const holdings = once((keys): Record<string, string> =>
  Object.fromEntries(
    Object.values(keys).flatMap(({ holder }) =>
      holder ? [[`${holder.encoder}/${holder.output}`, holder.stream]] : [],
    ),
  ),
);

/** Stream → generation of the key that it holds. */
export const generations = once((keys): Record<string, number> =>
  Object.fromEntries(
    Object.values(keys).flatMap(({ holder, generation }) =>
      holder ? [[holder.stream, generation]] : [],
    ),
  ),
);

/** Keys are never changed, only replaced; what follows from them is asked with each reading. */
function once<T>(of: (keys: Keys) => T): (keys: Keys) => T {
  const known = new WeakMap<Keys, T>();
  return (keys) => {
    const before = known.get(keys);
    if (before !== undefined) return before;
    const found = of(keys);
    known.set(keys, found);
    return found;
  };
}

/** Why this claim must not be granted, or undefined. */
export function refusal(
  keys: Keys,
  claim: OutputRef & { stream: string; destination: string; because: ClaimReason },
): string | undefined {
  const key = keys[claim.destination] ?? freshKey;
  const heldFor = holdings(keys)[`${claim.encoder}/${claim.output}`];
  if (heldFor !== undefined && heldFor !== claim.stream) {
    return `${claim.encoder}/${claim.output} carries ${heldFor}`;
  }
  if (key.holder && key.holder.stream !== claim.stream) {
    return `the key of ${claim.destination} belongs to ${key.holder.stream}`;
  }
  if (claim.because.kind === "staleKey") {
    const isHolder = key.holder?.encoder === claim.encoder && key.holder.output === claim.output;
    return isHolder ? undefined : `${claim.encoder} does not hold the key`;
  }
  if (claim.because.kind === "nobodyHeldIt") {
    return key.holder ? `${key.holder.encoder} holds the key and was not proven off` : undefined;
  }
  if (claim.because.kind === "fenced" && key.holder) {
    const { encoder, output } = key.holder;
    const isProven = claim.because.certificates.some(
      (c) => c.encoder === encoder && c.output === output && c.destination === claim.destination,
    );
    return isProven ? undefined : `no certificate proves ${encoder} off the key`;
  }
  return undefined;
}

/** Generations of a key that is not remembered go on from the clock, s since this day. */
const countsFromMs = Date.UTC(2026, 0, 1);

/**
 * The next generation. After a lost or rolled-back journal the last one is not known, and drivers
 * refuse a lower one than they have seen: then the clock gives a number above all before. Where the
 * clock was set back as well, the driver's refusal tells the number.
 */
export function grant(
  keys: Keys,
  claim: OutputRef & { stream: string; destination: string; because?: ClaimReason },
  wallMs: number,
): Keys {
  const key = keys[claim.destination] ?? freshKey;
  const generation = key.known
    ? key.generation + 1
    : Math.max(key.generation + 1, generationByClock(wallMs));
  const { because } = claim;
  const seen = because?.kind === "staleKey" ? because.highestGeneration : 0;
  return held(keys, claim, Math.max(generation, seen + 1));
}

export const generationByClock = (wallMs: number): number =>
  Math.floor((wallMs - countsFromMs) / 1_000);

/** Found publishing already: the generation it carries stands. */
export function adopt(
  keys: Keys,
  claim: OutputRef & { stream: string; destination: string },
  keyGeneration: number | undefined,
): Keys {
  const key = keys[claim.destination] ?? freshKey;
  return held(keys, claim, Math.max(key.generation, keyGeneration ?? 0, 1));
}

function held(
  keys: Keys,
  claim: OutputRef & { stream: string; destination: string },
  generation: number,
): Keys {
  const { stream, encoder, output } = claim;
  const holder = { stream, encoder, output };
  return { ...keys, [claim.destination]: { known: true, holder, generation } };
}

export function release(keys: Keys, destination: string): Keys {
  const key = keys[destination] ?? freshKey;
  return { ...keys, [destination]: { ...key, known: true, holder: null } };
}
