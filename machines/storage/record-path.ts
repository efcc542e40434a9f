/**
 * Where a box records to, and whether it has to record elsewhere: judgement only. A medium that
 * cannot take it any more is left for whatever other may; one that soon cannot, only for one that
 * is known to be better.
 */
import type { OutputReading } from "../encoder/reading.ts";
import type { RecordPlan } from "../site/plan.ts";
import { elapsedMs, rebased, type Stamp } from "../time.ts";
import type { MediumWord } from "./storage.contract.ts";

/** The site wants this box to record, because of another one. */
export type RecordOrder = {
  /** Whose recording it doubles or stands in for. */
  of: string;
  /** Since when nobody records it; null: somebody does. */
  gapSince: Stamp | null;
};

/** Why a recording has to be moved. */
export type RecordTrouble = {
  medium: string | null;
  why: string;
  /** When it was last seen to record; null: it still does. */
  gapSince: Stamp | null;
  /** How often another medium was proposed for it. Absent: not yet. */
  askedTimes?: number;
};

/** What is known of a box's recording. */
export type RecordMemory = {
  state: OutputReading["state"];
  /** Where it goes to, and where else. */
  medium: string | null;
  also: string | null;
  /** One of these two does not keep up, nobody knows which. Absent in what is kept from before. */
  isOneTooSlow?: boolean;
  /** When it was last seen to record. */
  seenAt: Stamp | null;
  trouble: RecordTrouble | null;
  /** The medium that is tried now. */
  target: string | null;
  /** Each medium is tried once in ten minutes. */
  moves: { to: string; at: Stamp }[];
  /** Media that were left because of a fault, until they are read to be good again. */
  left: Record<string, string>;
  order: RecordOrder | null;
  /** It was started because of `order`, and ends with it. */
  isOurs: boolean;
  /** A person has stopped it: what is missing is not missed. */
  isUnwanted: boolean;
  /** Why the last order was not carried out; told once. */
  refused: string | null;
  /** In the last run, and it was not read since. */
  wasRecording: boolean;
  /** It was told to record with less, and when. Absent: it records as it was set. */
  light?: Stamp | null;
};

/** Where a restarted daemon picks up. */
export type RecordResume = Omit<RecordMemory, "state" | "target" | "refused" | "isOneTooSlow">;

export function newRecordMemory(kept: RecordResume | undefined, now: Stamp): RecordMemory {
  const known = kept ?? noRecording;
  const maybe = (then: Stamp | null) => then && rebased(then, now);
  return {
    ...noRecording,
    ...known,
    seenAt: maybe(known.seenAt),
    moves: known.moves.map(({ to, at }) => ({ to, at: rebased(at, now) })),
    ...(known.light && { light: rebased(known.light, now) }),
    trouble: known.trouble && { ...known.trouble, gapSince: maybe(known.trouble.gapSince) },
    order: known.order && { ...known.order, gapSince: maybe(known.order.gapSince) },
  };
}

const noRecording: RecordMemory = {
  state: "unknown",
  medium: null,
  also: null,
  seenAt: null,
  trouble: null,
  target: null,
  moves: [],
  left: {},
  order: null,
  isOurs: false,
  isUnwanted: false,
  refused: null,
  wasRecording: false,
};

export type RecordMedium = { id: string; word: MediumWord; isTooSlow: boolean };
export type Recorder = {
  plan: RecordPlan;
  record: RecordMemory;
  media: readonly RecordMedium[];
  /** The slot that makes the box reboot again and again. */
  cycleSlot: string | null;
  now: Stamp;
};

/** `now`: nothing more can be recorded there. `soon`: it still can. */
export type Leave = { how: "now" | "soon"; why: string };

const reasons: Partial<Record<MediumWord, Leave>> = {
  full: { how: "now", why: "is full" },
  failing: { how: "now", why: "is failing" },
  missing: { how: "now", why: "is missing" },
  readOnly: { how: "now", why: "is write protected" },
  retired: { how: "now", why: "is out of use" },
  nearlyFull: { how: "soon", why: "is nearly full" },
};

function reasonAgainst({ media, cycleSlot }: Recorder, id: string | null): Leave | undefined {
  if (id === null) return undefined;
  if (id === cycleSlot) return { how: "now", why: "makes the box reboot again and again" };
  const medium = media.find((one) => one.id === id);
  if (!medium) return undefined;
  const tooSlow: Leave = { how: "soon", why: "cannot keep up with what is written" };
  return reasons[medium.word] ?? (medium.isTooSlow ? tooSlow : undefined);
}

/** Undefined: it may stay, or is recorded to a second medium that is good. */
export function reasonToLeave(box: Recorder): Leave | undefined {
  const { medium, also } = box.record;
  const reason = reasonAgainst(box, medium);
  const isDoubled = also !== null && reasonAgainst(box, also)?.how !== "now";
  return isDoubled ? undefined : reason;
}

/** It ought to record, and does not. */
export function hasFallen(box: Recorder): boolean {
  const { state, isUnwanted } = box.record;
  if (isUnwanted) return false;
  return state === "failing" || (state === "idle" && reasonToLeave(box)?.how === "now");
}

/** Three different steps in ten minutes, each once. */
const budgetMs = 600_000;

/**
 * Where it could go on, the best first. What was never looked at may be tried when there is nothing
 * to lose; the medium it is on only when the recording fell over and the medium is none the worse.
 */
export function nextMedium(box: Recorder, how: Leave["how"]): string | undefined {
  const ranked = box.plan.paths.flatMap((id, at) => {
    const rank = rankOf(box, id);
    const isEnough = rank !== undefined && (how === "now" || rank < 2);
    return isEnough ? [{ id, order: 100 * rank + at }] : [];
  });
  return ranked.sort((a, b) => a.order - b.order)[0]?.id;
}

const ranks: Partial<Record<MediumWord, number>> = { healthy: 0, filling: 1, nearlyFull: 2 };

function rankOf(box: Recorder, id: string): number | undefined {
  const { record, media, now, cycleSlot } = box;
  const isTried = record.moves.some(({ to, at }) => to === id && elapsedMs(at, now) < budgetMs);
  if (isTried || id === cycleSlot || id === record.also) return undefined;
  const medium = media.find((one) => one.id === id);
  const rank = medium && ranks[medium.word];
  if (id === record.medium) return record.state === "failing" && rank !== undefined ? 5 : undefined;
  if (medium?.isTooSlow === true) return 4;
  if (rank !== undefined) return rank;
  const isUnknown = medium === undefined || medium.word === "unknown";
  return isUnknown && !Object.hasOwn(record.left, id) ? 3 : undefined;
}

/**
 * Its medium does not keep up, no other one is better, and it may be told to record with less. So
 * where it records to two and nobody knows which of them it is: to leave the wrong one cures nothing.
 */
export function mayLighten(box: Recorder): boolean {
  const { record, plan, media } = box;
  const isTooSlow = media.some(({ id, isTooSlow }) => id === record.medium && isTooSlow);
  const nothingIsBetter = () =>
    reasonToLeave(box)?.how === "soon" && nextMedium(box, "soon") === undefined;
  return (
    plan.light !== undefined &&
    plan.failover === "act" &&
    !record.light &&
    record.state === "streaming" &&
    (record.isOneTooSlow === true || (isTooSlow && nothingIsBetter()))
  );
}

/** Where it records to two, as the box puts it: one of them. */
export const slowMedium = ({ medium, also }: RecordMemory): string | null =>
  medium !== null && also !== null ? `${medium} or ${also}` : medium;

/** Where it is to begin: where it is set to, unless something speaks against that. */
export function firstMedium(box: Recorder): string | undefined {
  const { medium } = box.record;
  const isFine = medium !== null && reasonAgainst(box, medium)?.how !== "now";
  return isFine ? medium : nextMedium(box, "now");
}

/** Media that were left and are good again may be used again. */
export function stillLeft({ record, media }: Recorder): Record<string, string> {
  const isGood = (id: string) =>
    media.some((one) => one.id === id && (one.word === "healthy" || one.word === "filling"));
  return Object.fromEntries(Object.entries(record.left).filter(([id]) => !isGood(id)));
}

export function withMove({ record, now }: Recorder, to: string): RecordMemory["moves"] {
  return [...record.moves.filter(({ at }) => elapsedMs(at, now) < budgetMs), { to, at: now }];
}
