/** How the recording of a box is seen from outside, and by its site. */
import type { Stamp } from "../time.ts";
import {
  nextMedium,
  reasonToLeave,
  type RecordOrder,
  type RecordResume,
  slowMedium,
} from "./record-path.ts";
import { recordNews } from "./record-sentences.ts";
import { ownerOf, recorderOf } from "./recorder.ts";
import type { StorageContext } from "./storage.context.ts";
import type { RecordingState, RecordWord } from "./storage.contract.ts";

type Snapshot = { context: StorageContext; value: { recording: Region } };
type Region =
  | "unknown"
  | "idle"
  | "starting"
  | "refused"
  | "recording"
  | "ended"
  | "stopping"
  | "ending"
  | "deciding"
  | "observing"
  | "proposing"
  | "moving"
  | "settling"
  | "pausing"
  | "lightening"
  | "takingUp"
  | "restoring"
  | "restoringLater"
  | "lost";

const words: Record<Region, RecordWord> = {
  unknown: "unknown",
  idle: "idle",
  starting: "idle",
  refused: "idle",
  recording: "recording",
  ended: "recording",
  stopping: "idle",
  ending: "idle",
  deciding: "moving",
  observing: "waiting",
  proposing: "waiting",
  moving: "moving",
  settling: "moving",
  pausing: "moving",
  lightening: "recording",
  takingUp: "moving",
  restoring: "idle",
  restoringLater: "idle",
  lost: "lost",
};

/** What the site has to know of it. Plain JSON, compared by value. */
export type RecordFacts = {
  encoder: string;
  word: RecordWord;
  /** It records only because of another box. */
  isOurs: boolean;
  /** It still records, on a medium that may end it at any time, and has no other. */
  isInDanger: boolean;
  /** Since when it does not record, although it should. */
  gapSince: Stamp | null;
  order: RecordOrder | null;
};

export function recordFacts({ context, value }: Snapshot): RecordFacts {
  const { record, plan } = context;
  const box = recorderOf(context);
  const word = words[value.recording];
  const isLeft = nextMedium(box, "now") === undefined && reasonToLeave(box)?.how === "now";
  return {
    encoder: plan.id,
    word,
    isOurs: record.isOurs,
    isInDanger: word === "recording" && isLeft,
    gapSince: record.trouble?.gapSince ?? null,
    order: record.order,
  };
}

export function recordingState({ context, value }: Snapshot): RecordingState | undefined {
  const { plan, record, failure } = context;
  if (!plan.record) return undefined;
  const { trouble, order, isOurs, medium } = record;
  const next = trouble && nextMedium(recorderOf(context), "now");
  return {
    // What was read a while ago is no news of what it does now.
    state: failure === null ? words[value.recording] : "unknown",
    ...(medium !== null && { medium }),
    paths: [...plan.record.paths],
    failover: plan.record.failover,
    ...(trouble && { because: [trouble.medium, trouble.why].filter(Boolean).join(" ") }),
    ...(value.recording === "proposing" && next !== null && { proposedTo: next ?? "" }),
    ...(isOurs && order && { becauseOf: order.of }),
  };
}

/** What an operator should know, as sentences. */
export function recordWarnings({ context, value }: Snapshot): string[] {
  const { recording } = value;
  const news = { lost: "lost", observing: "wouldMove", proposing: "proposed" } as const;
  if (recording === "lost" || recording === "observing" || recording === "proposing") {
    return [recordNews(ownerOf(context), recorderOf(context), news[recording]).message];
  }
  const box = recorderOf(context);
  const isLight = recording === "recording" && context.record.light && box.plan.light;
  const light = isLight
    ? [
        `records with ${isLight} until it has ended, because ${slowMedium(context.record)} was too slow`,
      ]
    : [];
  const reason = recording === "recording" ? reasonToLeave(box) : undefined;
  if (!reason) return light;
  const next = nextMedium(box, "now");
  const then =
    next === undefined
      ? "it has no other medium to record to"
      : `it goes on on ${next} when it ends there`;
  return [...light, `records to ${context.record.medium}, which ${reason.why}; ${then}`];
}

/** Seconds of no use to a restarted daemon would be written again and again. */
const grainMs = 60_000;

export function recordResume({ context, value }: Snapshot): RecordResume | undefined {
  if (!context.plan.record) return undefined;
  const { state: _, target: __, refused: ___, seenAt, ...kept } = context.record;
  const word = words[value.recording];
  const isKnown = word !== "unknown";
  return {
    ...kept,
    seenAt: seenAt && backTo(seenAt, seenAt.monoMs % grainMs),
    wasRecording: isKnown ? word !== "idle" : kept.wasRecording,
  };
}

const backTo = (at: Stamp, ms: number): Stamp => ({
  ...at,
  monoMs: at.monoMs - ms,
  wallMs: at.wallMs - ms,
});
