/**
 * A circuit breaker around everything that is asked of one box, or of the hub's database. What fails
 * is kept down by those who ask again and again: after a few failures in a row it is left alone for a
 * while, then a few careful questions decide. Pure: time is handed in, ms.
 */
export type Breaker =
  | { word: "closed"; failures: number }
  | { word: "open"; sinceMs: number }
  /** `asked` of the few that may be asked, `answered` of these. */
  | { word: "halfOpen"; asked: number; answered: number };
export type BreakerWord = Breaker["word"];

export type BreakerLimits = {
  /** In a row, to open. */
  failures: number;
  /** How long it is left alone, ms. */
  openMs: number;
  /** Let through after that until it is decided. At least `answers`, or it would stay half open. */
  probes: number;
  /** Answers to close it again; one failure opens it for another `openMs`. */
  answers: number;
};
/** Of a box, and of who looks at a far end. */
export const breakerLimits: BreakerLimits = {
  failures: 5,
  openMs: 30_000,
  probes: 3,
  answers: 3,
};

export const newBreaker: Breaker = { word: "closed", failures: 0 };

export function permits(breaker: Breaker, nowMs: number, limits = breakerLimits): boolean {
  if (breaker.word === "open") return nowMs - breaker.sinceMs >= limits.openMs;
  return breaker.word === "closed" || breaker.asked < limits.probes;
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

/** Also by one that needs no permission, such as a stop: then it is back before its time. */
export function answered(breaker: Breaker, limits = breakerLimits): Breaker {
  if (breaker.word === "closed") return newBreaker;
  const count = breaker.word === "halfOpen" ? breaker.answered + 1 : 1;
  if (count >= limits.answers) return newBreaker;
  const asked = breaker.word === "halfOpen" ? breaker.asked : 1;
  return { word: "halfOpen", asked: Math.max(asked, count), answered: count };
}

export function failed(breaker: Breaker, nowMs: number, limits = breakerLimits): Breaker {
  if (breaker.word === "open") return breaker;
  const failures = breaker.word === "closed" ? breaker.failures + 1 : limits.failures;
  if (failures >= limits.failures) return { word: "open", sinceMs: nowMs };
  return { word: "closed", failures };
}
