import { DriverError } from "../driver.ts";

/** So many polls in a row may go unanswered before the unit is given rest. */
const freeFailures = 2;
const firstRestMs = 2_000;
/** No longer: a unit that is back should be seen soon. */
const longestRestMs = 30_000;

/**
 * A web server that hangs is kept down by those who ask again and again (encoder-devices.md §5
 * item 1). After two polls without an answer the next ones say so without asking, for 2 s, 4 s and
 * so on up to 30 s; one answer, to a command too, restores the pace. A port that refuses needs
 * none of this: it costs the unit nothing, and tells at once when it is back.
 */
export function openBackOff(now: () => number) {
  let failures = 0;
  let restsUntilMs = -Infinity;
  let why = "";

  return {
    /** Throws what the last question came to, while the unit rests. */
    check(): void {
      if (now() < restsUntilMs) throw new DriverError("timeout", `${why}, left alone for a while`);
    },
    failed(error: DriverError): void {
      if (error.code !== "timeout") return;
      failures += 1;
      why = error.message;
      const rests = failures - freeFailures;
      if (rests < 0) return;
      restsUntilMs = now() + Math.min(firstRestMs * 2 ** rests, longestRestMs);
    },
    answered(): void {
      failures = 0;
      restsUntilMs = -Infinity;
    },
  };
}
export type BackOff = ReturnType<typeof openBackOff>;
