import type { Stamp } from "../time.ts";
import { elapsedMs } from "../time.ts";
import type { FenceCertificate, Incident } from "./stream.contract.ts";

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

const between = (from: Stamp | null, to: Stamp | null) =>
  from === null || to === null ? null : elapsedMs(from, to);

/** The record as it is published, from what is known so far. */
export function incidentRecord(
  incident: OpenIncident,
  outcome: Incident["outcome"],
  closedAt: Stamp | null,
): Incident {
  const offFrom = incident.planned ? incident.decidedAt : incident.lastGoodAt;
  return {
    id: incident.id,
    stream: incident.stream,
    cause: incident.cause,
    openedAtMs: incident.lastGoodAt.wallMs,
    closedAtMs: closedAt?.wallMs ?? null,
    outcome,
    from: incident.from,
    to: incident.to,
    offAirMs: between(offFrom, incident.confirmedAt),
    segments: {
      detectMs: between(incident.lastGoodAt, incident.suspectedAt),
      decideMs: between(incident.suspectedAt, incident.decidedAt),
      fenceMs: between(incident.decidedAt, incident.fencedAt),
      startMs: between(incident.fencedAt, incident.startedAt),
      confirmMs: between(incident.startedAt, incident.confirmedAt),
    },
    certificate: incident.certificate,
    timeline: incident.timeline,
  };
}
