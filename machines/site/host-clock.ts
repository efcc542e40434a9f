/**
 * Is the clock of this host right? Those who keep it (chrony, systemd) say whether it follows a
 * time server; time servers that are asked directly say how far off it is. Where nobody can be
 * asked it is unknown, never right.
 */
import type { Decision } from "../decision.ts";
import type { SiteClock, siteClockWords } from "./site.contract.ts";
import { elapsedMs, rebased, type Stamp } from "../time.ts";

export type HostClockWord = (typeof siteClockWords)[number];

/** This host's clock minus the right time, ms; it is certain to be this exact. */
export type Offset = { aheadMs: number; exactToMs: number };

/** What the keeper of the clock says of itself. */
export type ClockKeeper = {
  isSynchronised: boolean;
  /** `chrony, 10.0.0.1`: who keeps it, and after whom. */
  by: string;
  /** Why it is not synchronised, for people. */
  why?: string;
  /** Since a time server was last heard; left out where it does not tell. */
  ageMs?: number;
  offset?: Offset;
};

/** The last answer of one time server that we ask ourselves. */
export type TimeServerAnswer = Offset & { server: string; ageMs: number };

/** Everything that could be found out at one moment. */
export type HostClockLook = {
  /** null: nobody who keeps it could be asked. */
  keeper: ClockKeeper | null;
  answers: TimeServerAnswer[];
  /** Time servers that did not tell, and why. */
  problems: string[];
};

export type HostClock = {
  word: HostClockWord;
  /** For people, without an age. */
  because: string;
  offset: (Offset & { source: string; atMs: number }) | null;
  /** When its keeper last heard a time server, Unix ms. */
  heardAtMs: number | null;
  /** Since when this word has been true. */
  since: Stamp;
  /** What people were told to be wrong, and not yet to be right again. */
  told: BadWord | null;
};
type BadWord = "unsynchronised" | "off";

export const defaultAlarmOffsetMs = 2_000;
/** As long as a host may need after its boot, or a time server to be restarted. */
export const unsynchronisedAfterMs = 15 * 60_000;
/** systemd-timesyncd asks every 34 min at its laziest, chrony every 17. */
export const keeperMaxAgeMs = 2 * 3_600_000;
/** Right again only well within what may be: nobody is told twice of a clock at the limit. */
const rightAgainShare = 0.75;
/** A free running clock gains or loses at most so much, ms per ms. */
const drift = 100e-6;
/** A jump, not a slew: chrony slews by a twelfth at most. */
const jumpMs = 1_000;

export function unknownHostClock(now: Stamp, told: BadWord | null = null): HostClock {
  const because = "nobody was asked yet";
  return { word: "unknown", because, offset: null, heardAtMs: null, since: now, told };
}

/** How the clock is judged now; what that is worth telling is in `hostClockNews`. */
export function hostClockAfter(
  before: HostClock,
  look: HostClockLook,
  now: Stamp,
  alarmOffsetMs = defaultAlarmOffsetMs,
): HostClock {
  const measured = offsetIn(look);
  const { word, because } = judge(before, look, measured, alarmOffsetMs);
  const { keeper } = look;
  const since = rebased(before.since, now);
  return {
    word,
    because,
    offset: measured && withMoment(measured, now),
    heardAtMs: keeper?.ageMs === undefined ? null : Math.round(now.wallMs - keeper.ageMs),
    since: before.word === word ? since : now,
    told: toldAfter(before.told, word, before.word === word ? elapsedMs(since, now) : 0),
  };
}

function toldAfter(told: BadWord | null, word: HostClockWord, lastedMs: number): BadWord | null {
  if (word === "off") return "off";
  if (word === "synchronised" || word === "agrees") return null;
  return word === "unsynchronised" && lastedMs >= unsynchronisedAfterMs ? "unsynchronised" : told;
}

type Measured = Offset & { source: string; ageMs: number };

function judge(
  { told }: HostClock,
  look: HostClockLook,
  measured: Measured | null,
  alarmOffsetMs: number,
): Pick<HostClock, "word" | "because"> {
  const { keeper } = look;
  if (measured && isOff(measured, told === "off", alarmOffsetMs)) {
    return { word: "off", because: `by ${measured.source}` };
  }
  if (!measured && told === "off") {
    return { word: "unknown", because: `it was off, and cannot be measured now${why(look)}` };
  }
  if (keeper && !keeper.isSynchronised) {
    return { word: "unsynchronised", because: `${keeper.by}: ${keeper.why ?? "not synchronised"}` };
  }
  if (keeper && (keeper.ageMs ?? 0) > keeperMaxAgeMs) {
    const hours = (keeperMaxAgeMs / 3_600_000).toFixed(0);
    const because = `${keeper.by}: no time server was heard for more than ${hours} h`;
    return { word: "unsynchronised", because };
  }
  if (keeper) return { word: "synchronised", because: `kept by ${keeper.by}` };
  if (measured) {
    return { word: "agrees", because: `${measured.source} agrees; who keeps it is not known` };
  }
  return {
    word: "unknown",
    because: `neither chrony nor timesyncd tells whether it is right${why(look)}`,
  };
}

const why = ({ problems }: HostClockLook) =>
  problems.length === 0 ? "" : ` (${problems.join("; ")})`;

/** @param isTold people were told so, and want to hear no less than that it is right again */
export function isOff(offset: Offset, isTold: boolean, alarmOffsetMs: number): boolean {
  const byMs = Math.abs(offset.aheadMs);
  return isTold ? byMs > rightAgainShare * alarmOffsetMs : byMs - offset.exactToMs > alarmOffsetMs;
}

/** The middle one of the time servers that were asked; else what the keeper measured. */
export function offsetIn({ answers, keeper }: HostClockLook): Measured | null {
  const grown = answers.map(({ server, aheadMs, exactToMs, ageMs }) => ({
    aheadMs,
    exactToMs: exactToMs + drift * ageMs,
    ageMs,
    source: server,
  }));
  const sorted = grown.sort((a, b) => a.aheadMs - b.aheadMs);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper && lower) return upper.exactToMs < lower.exactToMs ? upper : lower;
  if (!keeper?.isSynchronised || !keeper.offset) return null;
  return { ...keeper.offset, ageMs: keeper.ageMs ?? 0, source: keeper.by };
}

function withMoment({ aheadMs, exactToMs, source, ageMs }: Measured, now: Stamp) {
  return {
    aheadMs: Math.round(aheadMs),
    exactToMs: Math.ceil(exactToMs),
    source,
    atMs: Math.round(now.wallMs - ageMs),
  };
}

/** What has become of it since `before`; undefined: no news. */
export function hostClockNews(before: HostClock, clock: HostClock): Decision | undefined {
  if (before.told === clock.told) return undefined;
  const { word, offset, told } = clock;
  return {
    type: "site.clock",
    severity: told === null ? "info" : "warning",
    message: hostClockSentence(clock),
    data: { clock: word, aheadMs: offset?.aheadMs, exactToMs: offset?.exactToMs },
  };
}

export function hostClockSentence({ word, because, offset }: HostClock): string {
  const by = offset === null ? "" : ` (${aheadSentence(offset.aheadMs)})`;
  const what = {
    unknown: "nobody knows whether it is right",
    synchronised: "synchronised",
    agrees: "right",
    unsynchronised: "not synchronised; schedules and recordings may get the wrong time",
    off: `${aheadSentence(offset?.aheadMs ?? 0)}; schedules and recordings have the wrong time`,
  }[word];
  return `the clock of this host: ${what}, ${because}${word === "off" ? "" : by}`;
}

export function publishedHostClock({ word, because, heardAtMs, offset }: HostClock): SiteClock {
  return {
    state: word,
    because,
    ...(heardAtMs !== null && { heardAtMs }),
    ...(offset && { offset }),
  };
}

/** Sentences for the operator while it is so. */
export function hostClockWarnings(clock: HostClock): string[] {
  return clock.told === null ? [] : [hostClockSentence(clock)];
}

/** `3.2 s behind` */
export function aheadSentence(aheadMs: number): string {
  const s = Math.abs(aheadMs) / 1_000;
  return `${s < 0.1 ? s.toFixed(3) : s.toFixed(1)} s ${aheadMs < 0 ? "behind" : "ahead"}`;
}

/** Of a device: `3.2 s behind this host's`. */
export function againstHost(aheadMs: number): string {
  return `${aheadSentence(aheadMs)} ${aheadMs < 0 ? "" : "of "}this host's`;
}

/** By how much the wall clock was set between two moments, ms; undefined: it was not. */
export function jumpBetween(before: Stamp, now: Stamp): number | undefined {
  if (before.bootId !== now.bootId) return undefined;
  const byMs = now.wallMs - before.wallMs - (now.monoMs - before.monoMs);
  return Math.abs(byMs) > jumpMs ? Math.round(byMs) : undefined;
}

export function jumpNews(byMs: number): Decision {
  const way = byMs < 0 ? "back" : "forward";
  return {
    type: "site.clockJump",
    severity: "warning",
    message: `the clock of this host was set ${way} by ${(Math.abs(byMs) / 1_000).toFixed(1)} s: times of events before and after do not compare`,
    data: { byMs },
  };
}
