/** What the site remembers, and whom it owns. */
import type { ActorRefFrom } from "xstate";
import { destinationMachine } from "../destination/destination.machine.ts";
import type { EncoderMachine } from "../encoder/encoder.machine.ts";
import type { EncoderFacts } from "../encoder/facts.ts";
import { exerciseMachine } from "../exercise/exercise.machine.ts";
import type { Exercise } from "../exercise/exercise.ts";
import { ingestMachine } from "../ingest/ingest.machine.ts";
import type { outputMachine } from "../output/output.machine.ts";
import type { SiteSessions } from "../session/site-sessions.ts";
import { storageMachine } from "../storage/storage.machine.ts";
import { streamMachine } from "../stream/stream.machine.ts";
import type { Stamp } from "../time.ts";
import type { Freeze } from "./change-freeze.ts";
import type { HostClock } from "./host-clock.ts";
import type { KnownHostLoad } from "./host-load.ts";
import type { Keys } from "./keys.ts";
import type { SitePlan } from "./plan.ts";
import type { Recordings } from "./recordings.ts";
import type { Standby } from "./cpu-admission.ts";

/** Journals from before there were events have no freeze. */
export type SiteResume = {
  keys: Keys;
  freeze?: Freeze;
  /** What people were told of the host's clock; absent in older journals. */
  clockTold?: HostClock["told"];
  /** Streams that are being recorded; absent: none. */
  recorded?: readonly string[];
  /** A box that is practised, and has to be stopped. */
  exercise?: Exercise;
  /** Encoders that stay cold for want of processor; absent: none. */
  heldCold?: Standby["held"];
};

export type SiteContext = {
  plan: SitePlan;
  now: () => Stamp;
  keys: Keys;
  freeze: Freeze;
  facts: Record<string, EncoderFacts>;
  stalls: Stamp[];
  journal: "ok" | "slow" | "full" | "failed";
  hostClock: HostClock;
  hostLoad: KnownHostLoad | null;
  standby: Standby;
  recordings: Recordings;
  /** The one under way. */
  exercise: Exercise | null;
  exercises: ActorRefFrom<typeof exerciseMachine>;
  sessions: SiteSessions;
  encoders: Record<string, EncoderRef>;
  destinations: Record<string, ActorRefFrom<typeof destinationMachine>>;
  storages: Record<string, ActorRefFrom<typeof storageMachine>>;
  ingests: Record<string, ActorRefFrom<typeof ingestMachine>>;
  outputs: Record<string, ActorRefFrom<typeof outputMachine>>;
  streams: Record<string, ActorRefFrom<typeof streamMachine>>;
};
export type EncoderRef = ActorRefFrom<EncoderMachine>;

export type SiteInput = {
  plan: SitePlan;
  now: () => Stamp;
  /** Actor → what it needs of the last run; empty on a fresh journal. */
  resume: ReadonlyMap<string, unknown>;
};
