import type { MeasurePolicy } from "../stream/relay/measures.ts";
import type { EncoderSettings } from "../encoder/settings.ts";
import type { HeatLimits } from "../encoder/heat.ts";
import type { Trouble } from "../encoder/encoder.contract.ts";
import type { CarryPlan } from "../content/carried.ts";
import type { EventPlan } from "../stream/schedule.ts";
import type { OutputRef } from "../intents.ts";
import type { ingestKinds } from "../ingest/ingest.contract.ts";
import type { outputKinds } from "../output/output.contract.ts";
import type { ProfileId } from "../profile/profiles.ts";
import type { StorageLevels } from "../storage/space.ts";
import type { ContentPlan } from "../stream/content.ts";

/** What the machines need of the configuration: numbers in ms, no addresses, no secrets. */
export type SitePlan = {
  site: string;
  name?: string;
  encoders: EncoderPlan[];
  destinations: DestinationPlan[];
  streams: StreamPlan[];
  /** Absent in plans made before there were any. */
  storages?: StoragePlan[];
  /** Absent in plans made before there were any. */
  ingests?: IngestPlan[];
  /** Absent in plans made before there were any. */
  outputs?: OutputPlan[];
  /** From so far off a clock is wrong. Absent in plans made before clocks were watched. */
  clockAlarmOffsetMs?: number;
};

/** A process that takes one programme in. */
export type IngestPlan = {
  id: string;
  name?: string;
  kind: (typeof ingestKinds)[number];
  /** Only whoever has a session may publish to it, with that session's key. */
  sessions?: boolean;
};

/** A process that sends a relayed stream to one more place. */
export type OutputPlan = {
  id: string;
  name?: string;
  kind: (typeof outputKinds)[number];
  stream: string;
};

/** The media of a box (under the box's id), of a NAS or of this host. */
export type StoragePlan = {
  id: string;
  name?: string;
  /** A medium that was not read for so long is unknown. */
  readingMaxAgeMs: number;
  /** When a medium is nearly full, full and soon full. Absent in plans made before it could be set. */
  levels?: StorageLevels;
  /** Of a box whose recording may be moved. Absent in plans made before that. */
  record?: RecordPlan;
};

/** Media that a box may be told to record to, the best first; what is done when one fails. */
export type RecordPlan = {
  paths: readonly string[];
  failover: Consent;
  /** It can record with less, in words. Absent: it cannot, or the plan is older than that. */
  light?: string;
  /** A medium that makes it boot again and again can be released. Absent: not, or an older plan. */
  releases?: true;
};

export type EncoderPlan = {
  id: string;
  name?: string;
  /** It encodes nothing: it publishes for the relay of this stream. */
  publishesFor?: string;
  vendor: string;
  outputs: string[];
  /** What feeds it. Two encoders with one source losing it together is a source fault. */
  source?: string;
  /** In its place, for a box that tells which input it takes: what feeds each, by the box's word. */
  inputs?: Readonly<Record<string, string>>;
  /** A reading older than this is unknown. */
  readingMaxAgeMs: number;
  /** After a start nothing is judged for so long (10 s software, 30 s hardware). */
  firstFrameGraceMs: number;
  /** Failed polls in a row before a silent box counts as unreachable. */
  unreachableAfter: number;
  /** How long its death goes unnoticed at worst. Absent in plans made before it was told. */
  detection?: {
    /** Until it is `silent`: a first failed poll, which a stream on it looks into at once. */
    silentWithinMs: number;
    /** Until it is `unreachable`. */
    unreachableWithinMs: number;
  };
  /** A backup shares an exclusive key with it: what it would do on its own is switched off. */
  ownSelfStart: boolean;
  /** Another can carry its programme in its place, so it may stand by for weeks. */
  standsBy?: boolean;
  heat: HeatLimits;
  /** What its driver can do to make it cooler, the mildest first. */
  cooling: readonly CoolingStep[];
  /** What may be done to repair it without a person: only count it, ask for leave, or do it. */
  repair: Consent;
  /** The same for one kind of trouble, where that differs. */
  playbooks?: Partial<Record<Trouble, Consent>>;
  canRepair: readonly RepairAction[];
  /** What a person may tell it directly. Absent in plans made before there was any. */
  controls?: readonly ControlVerb[];
  /** A process on the site's host: its load is told as a share of that. */
  isProcess?: boolean;
  /** The ingest it takes its picture from. */
  ingest?: string;
  /** How many sounds of it it passes on at most, and how more would be. Absent: none are wanted. */
  sounds?: { most: number; hint: string };
  /** Which combed pictures it makes progressive as they are, and what helps. Absent: none. */
  combs?: { which: "all" | "unflagged"; hint: string };
  /** Its driver can write its settings while it carries nothing. */
  canBeSet?: boolean;
  /** A process of ours: it is started with the settings of a session, and keeps none of them. */
  isSetAtStart?: boolean;
  /** May it be set as its stream wants it? Absent: propose. */
  sync?: Consent;
  /** How often that is tried, ms. Absent: each 10 min. */
  syncEveryMs?: number;
  /** May it be practised when it has carried nothing for a week? Absent: propose. */
  practise?: Consent;
  /** As `SitePlan.clockAlarmOffsetMs`. */
  clockAlarmOffsetMs?: number;
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

/** What a driver can do to make its box cooler. */
export type CoolingStep = {
  /** Absolute, for people: `bitrate at 75 %`. */
  what: string;
  /** The picture is lost for a moment while it is taken or given back. */
  interrupts: boolean;
  /** What of it is less than before. Absent in plans made before it was told: no playbook uses it. */
  lowers?: readonly Lowered[];
};

/** `effort`: what its processor has to do. `size`: of the picture. */
export type Lowered = "requests" | "effort" | "bitrate" | "frameRate" | "size";

export type Consent = "observe" | "propose" | "act";
export type RepairAction = "lowerLoad" | "restart" | "reboot" | "powerCycle";
export type ControlVerb =
  | "startRecording"
  | "stopRecording"
  | "recallPreset"
  | "selectProfile"
  | "listClips"
  | "reboot"
  | "powerCycle";

export type DestinationPlan = {
  id: string;
  name?: string;
  /** Whose rules a session's picture has to keep; absent: those of RTMP. */
  profile?: ProfileId;
  takeover: "exclusive" | "primaryBackup" | "lastWins" | "firstWins";
  /** False: nobody can look, the carriage stays notKnown. */
  observed: boolean;
  /** One that an encoder pushes to: what takes that in is who looks. */
  isRelayInput?: boolean;
  /** A look older than this is unknown. */
  sightMaxAgeMs: number;
  /** A publisher whose counter stands still for so long is stalled. */
  stalledAfterMs: number;
  /** How long a far end may keep saying "already publishing" after a valid certificate. */
  ghostSessionMs: number;
  /** Level 3 by absence: no publisher for so long. */
  noPublisherProofMs: number;
  offAirEndsEventAfterMs?: number;
  /** Nobody watches it: streams may be drilled there by themselves. */
  isTest?: boolean;
  /** Nobody watches it and no stream publishes there: boxes may be practised at it. */
  forExercises?: boolean;
};

/**
 * A relayed stream's own `encoders` are what publishes for the relay; who encodes stands here, in
 * order of preference, each with the stream by which it feeds the relay.
 */
export type RelayPlan = {
  inputs: (OutputRef & { leg: string })[];
  /**
   * Of these: who may publish itself when the relay cannot be kept up, since it was seen to reach
   * the far end. Absent: nobody.
   */
  directly?: OutputRef[];
  /** What its inputs should be within; what is outside for long is told. */
  band?: MeasurePolicy;
};

export type StreamPlan = {
  id: string;
  name?: string;
  destination: string;
  /** In order of preference; the first is the primary. */
  encoders: OutputRef[];
  /** Of these: spares of several streams, each for one at a time, and for its own source only. */
  spares?: readonly string[];
  /** Of the spares: those that take in what the primary takes in, of any stream. */
  roving?: readonly string[];
  /** Of these: only known to answer; how they are set is not looked at. */
  cold?: readonly string[];
  /** How its encoders are to be set; what is left out is as on the primary. */
  settings?: EncoderSettings;
  /** As its session wants it, while there is one: some encoders are started so. */
  startWith?: EncoderSettings;
  autoStart: boolean;
  /** It carries what others ask for, while they do. Absent: a programme of its own. */
  sessions?: boolean;
  allowUnproven: boolean;
  /** Its encoders bring their pictures to a relay, which alone publishes. Absent: path direct. */
  relay?: RelayPlan;
  /** As it is configured, of a stream that goes on without its relay. Never in a site's plan. */
  fellBackFrom?: { encoders: OutputRef[]; relay: RelayPlan };
  /** What is to go out besides a picture and a sound. */
  carry?: CarryPlan;
  /** Only to bring one encoder's pictures to the relay of this stream. */
  feedOf?: string;
  /** The second leg of a `primaryBackup` stream: published as part of this stream. */
  backupOf?: string;
  directFreezeMs: number;
  /** It is drilled so often by itself, at a destination that is marked `test: true`. */
  drillEveryMs?: number;
  /** What is done about a lost, black, frozen or silent picture. */
  content: ContentPlan;
  fenceTimeoutMs: number;
  /** Whether a recording of a box is worth more than this stream's fence. */
  recording: "protect" | "sacrifice";
  /** "manual", or back to the primary after it has been ready for so long. */
  failbackMs: number | "manual";
  budget: { per10Min: number; perHour: number };
  /** What is done about its on-air windows. Absent in plans made before there were any. */
  events?: EventPlan;
};

/** The stream that people know: what only feeds a relay is part of another. */
export const programmeOf = ({ id, feedOf }: StreamPlan): string => feedOf ?? id;

/** It looks at this box, because it may carry or has carried the programme. */
export const mayUse = ({ encoders, relay }: StreamPlan, encoder: string): boolean =>
  encoders.some((ref) => ref.encoder === encoder) ||
  relay?.inputs.some((ref) => ref.encoder === encoder) === true;
