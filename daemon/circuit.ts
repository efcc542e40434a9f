import {
  answered,
  asking,
  type Breaker,
  breakerLimits,
  type BreakerWord,
  failed,
  newBreaker,
  permits,
  unanswered,
} from "../machines/breaker.ts";
import type { PollFailure } from "../machines/encoder/reading.ts";
import { DriverError } from "./drivers/driver.ts";
import { isGivenUp } from "./drivers/shared/given-up.ts";

export type Ask<T> = {
  /** Of the work; when it aborts for another reason than its time, that says nothing. */
  signal: AbortSignal;
  /** Safety comes before politeness: a stop and a fence go out also while it is left alone. */
  must?: boolean;
  /** Whether this result shows that it has answered; all do when left out. */
  isAnswer?: (result: T) => boolean;
};

/** The circuit breaker around all that is asked of one thing over the network. */
export type Circuit = {
  /**
   * Does `work`, unless it is left alone now.
   * @throws DriverError with the last failure's code, without asking, while it is left alone
   */
  ask: <T>(work: () => Promise<T>, about: Ask<T>) => Promise<T>;
  word(): BreakerWord;
  /** The last failure, for people. */
  failure(): string;
};

export function openCircuit(p: {
  now: () => number;
  /** How long it is left alone, ms. */
  restMs?: () => number;
  /** After each change of the word. */
  changed?: () => void;
  answered?: () => void;
}): Circuit {
  const { now } = p;
  let breaker: Breaker = newBreaker;
  let last: { code: PollFailure; message: string } = { code: "timeout", message: "no answer" };

  function become(next: Breaker): void {
    const { word } = breaker;
    breaker = next;
    if (next.word !== word) p.changed?.();
  }

  return {
    word: () => breaker.word,
    failure: () => `${last.code}: ${last.message}`,
    async ask(work, { signal, must = false, isAnswer = () => true }) {
      const restMs = p.restMs?.() ?? breakerLimits.openMs;
      const isPermitted = permits(breaker, now(), { ...breakerLimits, openMs: restMs });
      if (!isPermitted && !must) {
        throw new DriverError(last.code, `${last.message}; left alone for ${restMs / 1_000} s`);
      }
      if (isPermitted) become(asking(breaker));
      try {
        const result = await work();
        if (isAnswer(result)) {
          p.answered?.();
          become(answered(breaker));
        } else if (isPermitted) become(unanswered(breaker));
        return result;
      } catch (cause) {
        const failure = failureIn(cause, signal);
        if (failure) last = failure;
        if (failure) become(failed(breaker, now()));
        else if (isPermitted) become(unanswered(breaker));
        throw cause;
      }
    },
  };
}

/** Undefined: it was given up by ourselves, or it did answer, only not as was wished. */
function failureIn(cause: unknown, signal: AbortSignal) {
  if (isGivenUp(signal)) return undefined;
  if (!(cause instanceof DriverError)) {
    return signal.aborted ? { code: "timeout" as const, message: "took too long" } : undefined;
  }
  const { code, message } = cause;
  if (code === "staleKey" || code === "notPossible" || code === "failed") return undefined;
  return { code, message };
}
