/** What a walk over a site found out. Plain JSON; no secret may get in. */

export type Figure = {
  what: string;
  value: number;
  unit: "s" | "ms" | "level" | "requests";
  /** Who measured it: the box, an observer of the far end, or this machine's clock. */
  source: string;
  at: string;
};

export type StepName = "capabilities" | "start" | "fence" | "power" | "takeover";
/** `skipped` is a decision of ours or of the operator, `failed` is something to repair. */
export type Step = {
  step: StepName;
  outcome: "done" | "failed" | "skipped";
  because: string;
  figures: readonly Figure[];
  notes: readonly string[];
};

export type Exposure = {
  severity: "high" | "medium" | "low";
  /** `encoder helo-1`, `destination platform`, `hub link`. */
  subject: string;
  what: string;
  /** How that is known. */
  seen: string;
  fix: string;
};

export type EncoderReport = {
  encoder: string;
  driver: string;
  /** Address of the box; left out for a program of ours. */
  where?: string;
  identity?: { vendor: string; model?: string; serialNumber?: string; firmware?: string };
  /** Where its start was rehearsed: scheme, host and port. Left out: nowhere. */
  farEnd?: string;
  steps: readonly Step[];
};

export type Report = {
  site: string;
  version: string;
  startedAt: string;
  endedAt: string;
  /** False where the operator broke it off. */
  isWhole: boolean;
  encoders: readonly EncoderReport[];
  /** Probes of what a far end does with a second publisher. */
  destinations: readonly { destination: string; steps: readonly Step[] }[];
  exposure: readonly Exposure[];
};

export const skipped = (step: StepName, because: string): Step => ({
  ...{ step, outcome: "skipped", because, figures: [], notes: [] },
});

/** Seconds, to the hundredth: what is measured here is not more exact. */
export const seconds = (ms: number) => Math.round(ms / 10) / 100;
