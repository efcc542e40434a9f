/** What a relay measures of an input, and what it should be within. */
import type { Misfit } from "../../content/misfit.ts";
import type { Stamp } from "../../time.ts";

/** As in the relay's report; null: not known. */
export type Measures = {
  bitrateBps: number | null;
  spreadRatio: number | null;
  avDriftMs: number | null;
  continuityErrors: number;
  misfits: readonly Misfit[] | null;
  /** From its ingest until the relay had its picture. Absent: not known. */
  latencyMs?: number;
  /** The same until it was handed to the outputs, of the one that carries. */
  sentLatencyMs?: number;
};

/** What it should be within; what is left out is not looked at. */
export type MeasurePolicy = {
  afterMs: number;
  leastBps?: number;
  mostBps?: number;
  avDriftAtMostMs?: number;
};

export const measureFaults = ["bitrate", "avDrift"] as const;
export type MeasureFault = (typeof measureFaults)[number];

export type MeasuredInput = Measures & {
  at: Stamp;
  /** Since when each fault has been there without a gap, and what of it was told. */
  since: Partial<Record<MeasureFault, Stamp>>;
  told: readonly MeasureFault[];
};
