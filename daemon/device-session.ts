import {
  answered,
  asking,
  type Breaker,
  breakerLimits,
  failed,
  newBreaker,
  permits,
  unanswered,
} from "../machines/encoder/breaker.ts";
import type { Connection } from "../machines/encoder/connection.ts";
import type { PollFailure } from "../machines/encoder/reading.ts";
import { DriverError } from "./drivers/driver.ts";

/** What is asked of one box over the network passes here, and what became of it is counted. */
export type DeviceSession = {
  /**
   * Does `work`, unless the box is left alone now.
   * @throws DriverError with the last failure's code, without asking, while it is left alone
   */
  ask<T>(work: () => Promise<T>, about: Ask<T>): Promise<T>;
};

export type Ask<T> = {
  /** Of the work; when it aborts for another reason than its time, that says nothing. */
  signal: AbortSignal;
  /** Safety comes before politeness: a stop and a fence go out also while it is left alone. */
  must?: boolean;
  /** Whether this result shows that the box has answered; all do when left out. */
  isAnswer?: (result: T) => boolean;
};

/** Its programme is off air or in doubt: then waiting costs more than asking. */
const urgentRestMs = 5_000;

export function openDeviceSession(p: {
  now: () => number;
  /** A programme waits for what this box says. */
  isUrgent: () => boolean;
  /** Told when it is left alone, and when no longer. */
  report: (connection: Connection) => void;
}): DeviceSession {
  let breaker: Breaker = newBreaker;
  let last: { code: PollFailure; message: string } = { code: "timeout", message: "no answer" };

  function become(next: Breaker): void {
    const before = breaker.word;
    breaker = next;
    if (next.word !== before) p.report(connection());
  }

  function connection(): Connection {
    const { word } = breaker;
    return {
      breaker: word,
      ...(word !== "closed" && { failure: `${last.code}: ${last.message}` }),
    };
  }

  return {
    async ask(work, { signal, must = false, isAnswer = () => true }) {
      const restMs = p.isUrgent() ? urgentRestMs : breakerLimits.openMs;
      const isPermitted = permits(breaker, p.now(), restMs);
      if (!isPermitted && !must) {
        throw new DriverError(last.code, `${last.message}; left alone for ${restMs / 1_000} s`);
      }
      if (isPermitted) become(asking(breaker));
      try {
        const result = await work();
        if (isAnswer(result)) become(answered(breaker));
        else if (isPermitted) become(unanswered(breaker));
        return result;
      } catch (cause) {
        const failure = failureIn(cause, signal);
        if (failure) last = failure;
        if (failure) become(failed(breaker, p.now()));
        else if (isPermitted) become(unanswered(breaker));
        throw cause;
      }
    },
  };
}

/** Undefined: it was given up by ourselves, or the box did answer, only not as was wished. */
function failureIn(cause: unknown, signal: AbortSignal) {
  const isTooLate = (signal.reason as Error | undefined)?.name === "TimeoutError";
  if (signal.aborted && !isTooLate) return undefined;
  if (!(cause instanceof DriverError)) {
    return isTooLate ? { code: "timeout" as const, message: "took too long" } : undefined;
  }
  const { code, message } = cause;
  if (code === "staleKey" || code === "notPossible" || code === "failed") return undefined;
  return { code, message };
}
