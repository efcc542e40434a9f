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
  const both = (a: Interval, b: Interval): Interval => ({
    leastMs: Math.max(a.leastMs, b.leastMs),
    mostMs: Math.min(a.mostMs, b.mostMs),
    readAtMs: b.readAtMs,
  });

  return {
    /** @param tookMs from sending the question to its answer, which came just now */
    heard(date: string | undefined, tookMs: number): void {
      const theirsMs = Date.parse(date ?? "");
      if (Number.isNaN(theirsMs)) return;
      const oursMs = wallMs();
      const leastMs = theirsMs - oursMs;
      const last = { leastMs, mostMs: leastMs + 1_000 + tookMs, readAtMs: now() };
      const recent = seen.filter(({ readAtMs }) => now() - readAtMs < keepMs);
      const all = [...recent, last].reduce(both);
      seen = all.leastMs <= all.mostMs ? [...recent, last] : [last];
    },
    /** Undefined: no answer of the last minute had a date. */
    reading(): DeviceClock | undefined {
      const [first, ...others] = seen.filter(({ readAtMs }) => now() - readAtMs < keepMs);
      if (!first) return undefined;
      const { leastMs, mostMs, readAtMs } = others.reduce(both, first);
      return {
        aheadMs: Math.round((leastMs + mostMs) / 2),
        exactToMs: Math.ceil((mostMs - leastMs) / 2),
        ageMs: Math.round(now() - readAtMs),
        source: "HTTP Date",
      };
    },
  };
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
