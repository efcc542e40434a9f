/**
 * A circuit breaker around everything that is asked of one box. A small web server that fails is kept
 * down by those who ask again and again: after five failures in a row it is left alone for a while,
 * then a few careful questions decide. Calls to one box never overlap. Pure: time is handed in, ms.
 */
export type Breaker =
  | { word: "closed"; failures: number }
  | { word: "open"; sinceMs: number }
  /** `asked` of the few that may be asked, `answered` of these. */
  | { word: "halfOpen"; asked: number; answered: number };
export type BreakerWord = Breaker["word"];

export const breakerLimits = {
  /** In a row, to open. */
  failures: 5,
  /** How long a box is left alone, ms. */
  openMs: 30_000,
  /** Let through after that until it is decided. At least `answers`, or it would stay half open. */
  probes: 3,
  /** Answers to close it again; one failure opens it for another `openMs`. */
  answers: 3,
} as const;

export const newBreaker: Breaker = { word: "closed", failures: 0 };

/** @param openMs shorter where waiting costs more than asking */
export function permits(
  breaker: Breaker,
  nowMs: number,
  openMs: number = breakerLimits.openMs,
): boolean {
  if (breaker.word === "open") return nowMs - breaker.sinceMs >= openMs;
  return breaker.word === "closed" || breaker.asked < breakerLimits.probes;
}

/** One that was permitted goes out. */
export function asking(breaker: Breaker): Breaker {
  if (breaker.word === "open") return { word: "halfOpen", asked: 1, answered: 0 };
  if (breaker.word === "closed") return breaker;
  return { ...breaker, asked: breaker.asked + 1 };
}

/** Given up by ourselves, or answered "no": it says nothing, and another may go in its place. */
export function unanswered(breaker: Breaker): Breaker {
  if (breaker.word !== "halfOpen") return breaker;
  return { ...breaker, asked: Math.max(breaker.asked - 1, 0) };
}

/** Also by one that needs no permission, such as a stop: then the box is back before its time. */
export function answered(breaker: Breaker): Breaker {
  if (breaker.word === "closed") return newBreaker;
  const count = breaker.word === "halfOpen" ? breaker.answered + 1 : 1;
  if (count >= breakerLimits.answers) return newBreaker;
  const asked = breaker.word === "halfOpen" ? breaker.asked : 1;
  return { word: "halfOpen", asked: Math.max(asked, count), answered: count };
}

export function failed(breaker: Breaker, nowMs: number): Breaker {
  if (breaker.word === "open") return breaker;
  const failures = breaker.word === "closed" ? breaker.failures + 1 : breakerLimits.failures;
  if (failures >= breakerLimits.failures) return { word: "open", sinceMs: nowMs };
  return { word: "closed", failures };
}
