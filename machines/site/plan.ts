import type { OutputRef } from "../intents.ts";

/** What the machines need of the configuration: numbers in ms, no addresses, no secrets. */
export type SitePlan = {
  site: string;
  name?: string;
  encoders: EncoderPlan[];
  destinations: DestinationPlan[];
  streams: StreamPlan[];
};

export type EncoderPlan = {
  id: string;
  name?: string;
  vendor: string;
  outputs: string[];
  /** What feeds it. Two encoders with one source losing it together is a source fault. */
  source?: string;
  /** A reading older than this is unknown. */
  readingMaxAgeMs: number;
  /** After a start nothing is judged for so long (10 s software, 30 s hardware). */
  firstFrameGraceMs: number;
  /** Failed polls in a row before a silent box counts as unreachable. */
  unreachableAfter: number;
  /** A backup shares an exclusive key with it: what it would do on its own is switched off. */
  ownSelfStart: boolean;
  hotC: number;
  coolC: number;
  /** What it hangs on, if that can be switched. */
  outlet?: OutletPlan;
};

/** An outlet that a box hangs on, and how often it may be switched off without a person. */
export type OutletPlan = {
  id: string;
  perHour: number;
  perDay: number;
  /** Its answers could be forged: said wherever a proof rests on them. */
  isSpoofable: boolean;
};

export type DestinationPlan = {
  id: string;
  name?: string;
  takeover: "exclusive" | "primaryBackup" | "lastWins" | "firstWins";
  /** False: nobody can look, the carriage stays notKnown. */
  observed: boolean;
  /** A look older than this is unknown. */
  sightMaxAgeMs: number;
  /** A publisher whose counter stands still for so long is stalled. */
  stalledAfterMs: number;
  /** How long a far end may keep saying "already publishing" after a valid certificate. */
  ghostSessionMs: number;
  /** Level 3 by absence: no publisher for so long. */
  noPublisherProofMs: number;
  offAirEndsEventAfterMs?: number;
};

export type StreamPlan = {
  id: string;
  name?: string;
  destination: string;
  /** In order of preference; the first is the primary. */
  encoders: OutputRef[];
  autoStart: boolean;
  allowUnproven: boolean;
  /** The second leg of a `primaryBackup` stream: published as part of this stream. */
  backupOf?: string;
  directFreezeMs: number;
  /** A lost, black, frozen or silent input must last so long before it may cause a switch. */
  contentFaultMs: number;
  fenceTimeoutMs: number;
  /** Whether a recording of a box is worth more than this stream's fence. */
  recording: "protect" | "sacrifice";
  /** "manual", or back to the primary after it has been ready for so long. */
  failbackMs: number | "manual";
  budget: { per10Min: number; perHour: number };
};
