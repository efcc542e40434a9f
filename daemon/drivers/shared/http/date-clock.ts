import type { DeviceClock } from "../../../../machines/encoder/reading.ts";
import type { Http } from "./http.ts";

type Interval = { leastMs: number; mostMs: number; readAtMs: number };

/** A drift of 100 ppm is 6 ms in this time. */
const keepMs = 60_000;

/**
 * The clock of a box from the `Date` header of its answers, which counts whole seconds. Each
 * answer says "between here and here", wide as its second and its round trip; what the answers of a
 * minute have in common says it more exactly than any middle of them. Where they contradict each
 * other the clock was set, and only the last one counts.
 */
export function openDateClock(now: () => number, wallMs: () => number = Date.now) {
  let seen: Interval[] = [];

  function forgetOld(): void {
    const nowMs = now();
    const recent = seen.findIndex(({ readAtMs }) => nowMs - readAtMs < keepMs);
    if (recent !== 0) seen = recent < 0 ? [] : seen.slice(recent);
  }

  return {
    /** @param tookMs from sending the question to its answer, which came just now */
    heard(date: string | undefined, tookMs: number): void {
      const theirsMs = Date.parse(date ?? "");
      if (Number.isNaN(theirsMs)) return;
      const oursMs = wallMs();
      const leastMs = theirsMs - oursMs;
      const last = { leastMs, mostMs: leastMs + 1_000 + tookMs, readAtMs: now() };
      forgetOld();
      seen.push(last);
      const { leastMs: from, mostMs: to } = inCommon(seen);
      if (from > to) seen = [last];
    },
    /** Undefined: no answer of the last minute had a date. */
    reading(): DeviceClock | undefined {
      forgetOld();
      const last = seen.at(-1);
      if (!last) return undefined;
      const { leastMs, mostMs } = inCommon(seen);
      return {
        aheadMs: Math.round((leastMs + mostMs) / 2),
        exactToMs: Math.ceil((mostMs - leastMs) / 2),
        ageMs: Math.round(now() - last.readAtMs),
        source: "HTTP Date",
      };
    },
  };
}
/** A box that is asked each second has said 60 of them: nothing is made for each. */
function inCommon(intervals: readonly Interval[]): { leastMs: number; mostMs: number } {
  let leastMs = -Infinity;
  let mostMs = Infinity;
  for (const interval of intervals) {
    if (interval.leastMs > leastMs) leastMs = interval.leastMs;
    if (interval.mostMs < mostMs) mostMs = interval.mostMs;
  }
  return { leastMs, mostMs };
}

export type DateClock = ReturnType<typeof openDateClock>;

/** Passes everything on, and lets `clock` hear the date of each answer. */
export function datedHttp(http: Http, clock: DateClock, now: () => number): Http {
  return {
    async send(ask, signal) {
      const askedAtMs = now();
      const reply = await http.send(ask, signal);
      clock.heard(reply.date, now() - askedAtMs);
      return reply;
    },
    close: () => http.close(),
  };
}
