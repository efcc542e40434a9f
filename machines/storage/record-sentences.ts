/** What is told of a recording that has to move, in words for people. */
import type { Decision } from "../decision.ts";
import { elapsedMs } from "../time.ts";
import { nextMedium, type Recorder } from "./record-path.ts";

export type RecordNews =
  | "wouldMove"
  | "proposed"
  | "moving"
  | "moved"
  | "failed"
  | "lost"
  | "back"
  | "started"
  | "refused"
  | "ended"
  | "lightened"
  | "notLightened"
  | "full";

const severities: Record<RecordNews, Decision["severity"]> = {
  wouldMove: "warning",
  proposed: "critical",
  moving: "warning",
  moved: "warning",
  failed: "warning",
  lost: "critical",
  back: "info",
  started: "warning",
  refused: "warning",
  ended: "info",
  lightened: "warning",
  notLightened: "warning",
  full: "info",
};

/** So long nothing was recorded, ms; null: it never stopped, or nobody knows. */
export function gapMsOf({ record, now }: Recorder): number | null {
  const since = record.trouble ? record.trouble.gapSince : (record.order?.gapSince ?? null);
  return since === null ? null : Math.round(elapsedMs(since, now));
}

const missing = (gapMs: number | null) =>
  gapMs === null ? "" : `; at most ${(gapMs / 1_000).toFixed(1)} s are missing`;

/** @param owner the box, as people call it */
export function recordNews(owner: string, box: Recorder, news: RecordNews, why = ""): Decision {
  const { trouble, target, order, medium } = box.record;
  const cause = trouble ? [trouble.medium, trouble.why].filter(Boolean).join(" ") : "";
  const next = nextMedium(box, "now");
  const gapMs = gapMsOf(box);
  const nowTo = target ?? medium;
  const sentences: Record<RecordNews, () => string> = {
    wouldMove: () =>
      `${owner}: ${cause}: its recording would be moved to ${next}, and may not (recording.failover: observe)`,
    proposed: () => `${owner}: ${cause}: move its recording to ${next}? Say yes (move-recording)`,
    moving: () => `${owner}: ${cause}: its recording moves to ${target}`,
    moved: () => `${owner} records to ${nowTo} now, because ${cause}${missing(gapMs)}`,
    failed: () => `${owner}: its recording could not be moved to ${target}: ${why}`,
    lost: () =>
      `${owner} DOES NOT RECORD: ${cause}, and it has no other medium to record to; put in another one or make room`,
    back: () => `${owner} records again, to ${medium}${missing(gapMs)}`,
    started: () =>
      order?.gapSince
        ? `${owner} records to ${nowTo} in place of ${order.of}, which cannot${missing(gapMs)}`
        : `${owner} records to ${nowTo} as well, in case that ${order?.of} fails`,
    refused: () => `${owner} should record because of ${order?.of}, and does not: ${why}`,
    lightened: () =>
      `${owner} records with ${box.plan.light} now, because ${cause} and nothing better is there${missing(gapMs)}`,
    notLightened: () => `${owner} could not be told to record with less: ${why}`,
    full: () => `${owner} is set to record as before`,
    ended: () => `${owner} has ended its recording: it is not needed any more`,
  };
  return {
    type: "storage.recording",
    severity: severities[news],
    message: sentences[news](),
    data: {
      recording: news,
      from: trouble?.medium ?? null,
      to: news === "wouldMove" || news === "proposed" ? (next ?? null) : (nowTo ?? null),
      ...(trouble && { because: trouble.why }),
      ...(order && { of: order.of }),
      gapMs,
    },
  };
}
