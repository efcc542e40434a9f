/** What the site is told and asked. */
import type { FarEndFacts } from "../destination/far-end.ts";
import type { EncoderToSite } from "../encoder/encoder.events.ts";
import type { EncoderFacts } from "../encoder/facts.ts";
import type { ExerciseToSite } from "../exercise/exercise.machine.ts";
import type { IngestFacts } from "../ingest/ingest.published.ts";
import type { SessionToSite } from "../session/session.machine.ts";
import type { SessionCommand } from "../session/site-sessions.ts";
import type { RecordFacts } from "../storage/record.published.ts";
import type { StorageToSite } from "../storage/storage.events.ts";
import type { StreamToSite } from "../stream/stream.events.ts";
import type { HostLoad } from "./host-load.ts";
import type { HostClockLook } from "./host-clock.ts";

export type SiteEvent =
  | StreamToSite
  | SessionToSite
  | SessionCommand
  | EncoderToSite
  | { type: "encoder.facts"; facts: EncoderFacts }
  | { type: "ingest.facts"; facts: IngestFacts }
  | { type: "recording.facts"; facts: RecordFacts }
  | StorageToSite
  | { type: "farEnd.facts"; facts: FarEndFacts }
  /** A person wants a box practised. */
  | { type: "practise"; encoder: string; by: string }
  | ExerciseToSite
  /** The decider stood still for `lagMs`: all evidence has to be seen again. */
  | { type: "stalled"; lagMs: number }
  /** The journal is not the newest there was: who holds a key is not known any more. */
  | { type: "rolledBack"; because: string }
  /** A person lets changes through before or during an event. */
  | { type: "overrideFreeze"; by: string; why: string }
  /** The command line did something in a change freeze, and said why. */
  | { type: "freezeWasOverridden"; by: string; what: string; why: string; atMs: number }
  | { type: "journal"; health: "ok" | "slow" | "full" | "failed" }
  /** What could be found out of this host's clock. */
  | { type: "hostClock"; look: HostClockLook }
  /** What this host has to do. */
  | { type: "hostLoad"; load: HostLoad }
  /** The wall clock was set by so much. */
  | { type: "clockJump"; byMs: number }
  /** So many requests came that the hub has not signed; the last of them to this topic. */
  | { type: "notSigned"; count: number; topic: string }
  /** First input of a run. */
  | { type: "opened"; version: string; fresh: boolean };
