import type { Stamp } from "../time.ts";
import { elapsedMs } from "../time.ts";
import type { FenceCertificate, Incident, RecordingGap } from "./stream.contract.ts";

/** An incident under way: the published record plus the moments its segments are made of. */
export type OpenIncident = {
  id: string;
  stream: string;
  cause: string;
  from: string | null;
  /** Last evidence of a picture. For a planned move: when it was asked for. */
  lastGoodAt: Stamp;
  /** Off air when it began? A planned move has no picture lost until the fence. */
  planned: boolean;
  suspectedAt: Stamp;
  decidedAt: Stamp | null;
  fencedAt: Stamp | null;
  startedAt: Stamp | null;
  confirmedAt: Stamp | null;
  to: string | null;
  certificate: FenceCertificate | null;
  /** Absent in journals from before they were counted. */
  recordingGaps?: RecordingGap[];
  /** The slate was shown for so long. */
  slateMs?: number;
  timeline: { atMs: number; what: string }[];
};

export function step(incident: OpenIncident, at: Stamp, what: string): OpenIncident {
  // A long night of retries must not grow the record without bound.
  const timeline = [...incident.timeline, { atMs: at.wallMs, what }];
  return {
    ...incident,
    timeline: timeline.length > 60 ? [timeline[0]!, ...timeline.slice(-59)] : timeline,
  };
}

export function gapSentence({ encoder, by, to, ms, because, coveredBy }: RecordingGap): string {
  const missing = `at most ${(ms / 1_000).toFixed(1)} s are missing`;
  const on = `${by} records${to === null ? "" : ` to ${to}`}`;
  const covered = coveredBy === null ? "" : `; ${coveredBy} has recorded them`;
  return `recording of ${encoder} (${because}): ${on}, ${missing}${covered}`;
}

/** A gap belongs to what is under way; on its own it is an incident without loss of picture. */
export function withGap(p: {
  stream: string;
  id: string;
  open: OpenIncident | null;
  gap: RecordingGap;
  now: Stamp;
}): { incident: OpenIncident } | { lastIncident: Incident } {
  const { open, gap, now } = p;
  if (open) {
    const recordingGaps = [...(open.recordingGaps ?? []), gap].slice(-20);
    return { incident: { ...step(open, now, gapSentence(gap)), recordingGaps } };
  }
  const openedAtMs = now.wallMs - gap.ms;
  const lastIncident: Incident = {
    ...{ id: p.id, stream: p.stream, cause: "recording", outcome: "recovered" },
    ...{ openedAtMs, closedAtMs: now.wallMs, from: gap.encoder, to: gap.by, offAirMs: null },
    segments: { detectMs: null, decideMs: null, fenceMs: null, startMs: null, confirmMs: null },
    certificate: null,
    recordingGaps: [gap],
    timeline: [{ atMs: now.wallMs, what: gapSentence(gap) }],
  };
  return { lastIncident };
}

const between = (from: Stamp | null, to: Stamp | null) =>
  from === null || to === null ? null : Math.round(elapsedMs(from, to));

/** The record as it is published, from what is known so far. */
export function incidentRecord(
  incident: OpenIncident,
  outcome: Incident["outcome"],
  closedAt: Stamp | null,
): Incident {
  const { slateMs } = incident;
  const offFrom = incident.planned ? incident.decidedAt : incident.lastGoodAt;
  const offMs = between(offFrom, incident.confirmedAt);
  return {
    id: incident.id,
    stream: incident.stream,
    cause: incident.cause,
    openedAtMs: incident.lastGoodAt.wallMs,
    closedAtMs: closedAt?.wallMs ?? null,
    outcome,
    from: incident.from,
    to: incident.to,
    // With the slate it is on air, though without its programme.
    offAirMs: offMs === null ? null : Math.max(0, Math.round(offMs - (slateMs ?? 0))),
    ...(slateMs !== undefined && { slateMs: Math.round(slateMs) }),
    segments: {
      detectMs: between(incident.lastGoodAt, incident.suspectedAt),
      decideMs: between(incident.suspectedAt, incident.decidedAt),
      fenceMs: between(incident.decidedAt, incident.fencedAt),
      startMs: between(incident.fencedAt, incident.startedAt),
      confirmMs: between(incident.startedAt, incident.confirmedAt),
    },
    certificate: incident.certificate,
    ...(incident.recordingGaps && { recordingGaps: incident.recordingGaps }),
    timeline: incident.timeline,
  };
}
