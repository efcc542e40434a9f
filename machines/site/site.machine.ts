import { type ActorRefFrom, type InputFrom, assign, emit, enqueueActions, setup } from "xstate";
import { decided, type Decided } from "../decision.ts";
import type { FarEndFacts } from "../destination/far-end.ts";
import { destinationMachine } from "../destination/destination.machine.ts";
import type { EncoderResume } from "../encoder/encoder.context.ts";
import { type EncoderMachine, encoderMachineFor } from "../encoder/encoder.machine.ts";
import { type EncoderFacts, withoutExits } from "../encoder/facts.ts";
import { type ExerciseToSite, exerciseMachine } from "../exercise/exercise.machine.ts";
import type { Exercise } from "../exercise/exercise.ts";
import type { EncoderEvent, EncoderToSite } from "../encoder/encoder.events.ts";
import { isBenched } from "../encoder/encoder.published.ts";
import type { StreamToSite } from "../stream/stream.events.ts";
import type { StreamResume } from "../stream/stream.context.ts";
import { streamMachine } from "../stream/stream.machine.ts";
import { sessionMachine, type SessionToSite } from "../session/session.machine.ts";
import type { SessionResume } from "../session/session.ts";
import {
  assignedIn,
  changeRefusal,
  factsOf,
  opening,
  planWith,
  type SessionCommand,
  sessionOf,
  type SiteSessions,
  streamFor,
} from "../session/site-sessions.ts";
import type { StorageResume } from "../storage/storage.context.ts";
import type { RecordFacts } from "../storage/record.published.ts";
import type { StorageToSite } from "../storage/storage.events.ts";
import { storageMachine } from "../storage/storage.machine.ts";
import { elapsedMs, type Stamp } from "../time.ts";
import { adopt, freshKey, grant, holdings, type Keys, refusal, release } from "./keys.ts";
import {
  changeFreeze,
  type Freeze,
  isFrozen,
  noFreeze,
  withEvent,
  withOverride,
} from "./change-freeze.ts";
import {
  type HostClock,
  hostClockAfter,
  type HostClockLook,
  hostClockNews,
  jumpNews,
  unknownHostClock,
} from "./host-clock.ts";
import { concernedBy, desiredOf, isAsSetUp } from "./desired.ts";
import { breakOffReason, exerciseRefusal, newExercise, nextToPractise } from "./exercises.ts";
import { whyNotInterrupt } from "./interruption.ts";
import { lineUpOf } from "./line-up.ts";
import { coveredBy, recordOrders, type Recordings, withRecording } from "./recordings.ts";
import type { SitePlan, StreamPlan } from "./plan.ts";
import { stepped } from "../stepping/stepped.ts";

export type SiteEvent =
  | StreamToSite
  | SessionToSite
  | SessionCommand
  | EncoderToSite
  | { type: "encoder.facts"; facts: EncoderFacts }
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
  | { type: "journal"; health: "ok" | "slow" | "full" | "failed" }
  /** What could be found out of this host's clock. */
  | { type: "hostClock"; look: HostClockLook }
  /** The wall clock was set by so much. */
  | { type: "clockJump"; byMs: number }
  /** First input of a run. */
  | { type: "opened"; version: string; fresh: boolean };

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
  recordings: Recordings;
  /** The one under way. */
  exercise: Exercise | null;
  exercises: ActorRefFrom<typeof exerciseMachine>;
  sessions: SiteSessions;
  encoders: Record<string, EncoderRef>;
  destinations: Record<string, ActorRefFrom<typeof destinationMachine>>;
  storages: Record<string, ActorRefFrom<typeof storageMachine>>;
  streams: Record<string, ActorRefFrom<typeof streamMachine>>;
};
type EncoderRef = ActorRefFrom<EncoderMachine>;

/** Each box has a machine of its own shape (its outputs), which `setup` cannot list beforehand. */
const spawnEncoder = (spawn: unknown) =>
  spawn as (
    logic: EncoderMachine,
    options: { id: string; systemId: string; input: InputFrom<EncoderMachine> },
  ) => EncoderRef;

export type SiteInput = {
  plan: SitePlan;
  now: () => Stamp;
  /** Actor → what it needs of the last run; empty on a fresh journal. */
  resume: ReadonlyMap<string, unknown>;
};

/** Three stalls in a minute are no accident: the host cannot keep up. */
const impairedAfter = { stalls: 3, withinMs: 60_000 };

/**
 * The facility: owns the other actors, passes on what they see, and is the only one who says who
 * holds a stream key.
 */
export const siteMachine = setup({
  types: {} as {
    context: SiteContext;
    input: SiteInput;
    events: SiteEvent;
    emitted: Decided;
  },
  actors: {
    stream: streamMachine,
    session: sessionMachine,
    destination: destinationMachine,
    storage: storageMachine,
    exercises: exerciseMachine,
  },
  guards: {
    mayPractise: ({ context, event }) =>
      event.type === "practise" && exerciseRefusal(context, event.encoder) === undefined,
    isImpaired: ({ context }) =>
      context.stalls.filter((at) => elapsedMs(at, context.now()) < impairedAfter.withinMs).length +
        1 >=
      impairedAfter.stalls,
  },
  actions: {
    /** Streams judge; they get the facts of every box they may use, and who holds its outputs. */
    passOn: enqueueActions(({ context, enqueue }, facts: EncoderFacts) => {
      const held = holdings(context.keys);
      const heldBy = Object.fromEntries(
        Object.keys(facts.outputs).flatMap((output) => {
          const holder = held[`${facts.encoder}/${output}`];
          return holder === undefined ? [] : [[output, holder]];
        }),
      );
      for (const { id, encoders } of context.plan.streams) {
        if (!encoders.some((ref) => ref.encoder === facts.encoder)) continue;
        enqueue.sendTo(context.streams[id]!, { type: "encoder.facts", facts, heldBy });
      }
      for (const [id, { encoders }] of Object.entries(context.sessions.assigned)) {
        if (!encoders.some((ref) => ref.encoder === facts.encoder)) continue;
        enqueue.sendTo(context.sessions.refs[id]!, { type: "encoder.facts", facts });
      }
    }),
    tellWanted: enqueueActions(({ context, enqueue }, told: EncoderFacts) => {
      if (isAsSetUp(context.facts[told.encoder], told)) return;
      const facts = { ...context.facts, [told.encoder]: told };
      const { plan } = context.sessions;
      for (const encoder of concernedBy(plan, told.encoder)) {
        const news = wantedNews({ ...context, facts }, plan, encoder);
        if (news) enqueue.sendTo(context.encoders[encoder]!, news);
      }
    }),
    /** Whoever is to record because of another box is told so, and whoever no longer is. */
    orderRecordings: enqueueActions(({ context, enqueue }) => {
      if (Object.keys(context.recordings.facts).length === 0) return;
      const orders = recordOrders(context);
      for (const { encoder, order: before } of Object.values(context.recordings.facts)) {
        const order = orders.get(encoder) ?? null;
        if (JSON.stringify(order) === JSON.stringify(before)) continue;
        enqueue.sendTo(context.storages[encoder]!, { type: "recordFor", order });
      }
    }),
    tellEverybody: enqueueActions(({ context, enqueue }) => {
      for (const ref of Object.values(context.encoders)) enqueue.sendTo(ref, { type: "stalled" });
      for (const ref of Object.values(context.destinations)) {
        enqueue.sendTo(ref, { type: "stalled" });
      }
    }),
    noteStall: assign({ stalls: ({ context }) => [...context.stalls.slice(-9), context.now()] }),
  },
}).createMachine({
  id: "site",
  context: ({ spawn, input: { plan, now, resume } }) => ({
    plan,
    now,
    sessions: {
      assigned: assignedIn(plan, resume),
      plan: planWith(plan, assignedIn(plan, resume)),
      refs: Object.fromEntries(
        plan.streams.flatMap(({ id: stream, sessions }) => {
          if (sessions !== true) return [];
          const name = `session:${stream}`;
          const kept = resume.get(name) as SessionResume | undefined;
          const input = { stream, now, ...(kept && { resume: kept }) };
          return [[stream, spawn("session", { id: name, systemId: name, input })]];
        }),
      ),
    },
    keys: Object.fromEntries(
      plan.destinations.map((d) => {
        const kept = resume.get("site") as SiteResume | undefined;
        return [d.id, kept?.keys[d.id] ?? freshKey];
      }),
    ),
    freeze: (resume.get("site") as SiteResume | undefined)?.freeze ?? noFreeze,
    facts: {},
    recordings: {
      facts: {},
      streams: (resume.get("site") as SiteResume | undefined)?.recorded ?? [],
    },
    exercise: (resume.get("site") as SiteResume | undefined)?.exercise ?? null,
    exercises: spawn("exercises", {
      id: "exercises",
      input: { exercise: (resume.get("site") as SiteResume | undefined)?.exercise ?? null },
    }),
    stalls: [],
    journal: "ok",
    hostClock: unknownHostClock(
      now(),
      (resume.get("site") as SiteResume | undefined)?.clockTold ?? null,
    ),
    encoders: Object.fromEntries(
      plan.encoders.map((encoder) => {
        const { id } = encoder;
        const kept = resume.get(`encoder:${id}`) as EncoderResume | undefined;
        return [
          id,
          spawnEncoder(spawn)(encoderMachineFor(encoder), {
            id: `encoder:${id}`,
            systemId: `encoder:${id}`,
            input: { plan: encoder, now, ...(kept && { resume: kept }) },
          }),
        ];
      }),
    ),
    destinations: Object.fromEntries(
      plan.destinations.map((d) => [
        d.id,
        spawn("destination", {
          id: `destination:${d.id}`,
          systemId: `destination:${d.id}`,
          input: { plan: d, now },
        }),
      ]),
    ),
    storages: Object.fromEntries(
      (plan.storages ?? []).map((storage) => {
        const name = `storage:${storage.id}`;
        const kept = resume.get(name) as StorageResume | undefined;
        const input = { plan: storage, now, ...(kept && { resume: kept }) };
        return [storage.id, spawn("storage", { id: name, systemId: name, input })];
      }),
    ),
    streams: Object.fromEntries(
      plan.streams.map((s) => {
        const kept = resume.get(`stream:${s.id}`) as StreamResume | undefined;
        return [
          s.id,
          spawn("stream", {
            id: `stream:${s.id}`,
            systemId: `stream:${s.id}`,
            input: {
              plan: streamFor(s, assignedIn(plan, resume)[s.id]),
              destination: plan.destinations.find((d) => d.id === s.destination)!,
              encoders: plan.encoders,
              now,
              ...(kept && { resume: kept }),
            },
          }),
        ];
      }),
    ),
  }),
  on: {
    "encoder.facts": {
      actions: [
        { type: "tellWanted", params: ({ event }) => event.facts },
        assign({
          facts: ({ context, event }) => ({
            ...context.facts,
            [event.facts.encoder]: withoutExits(event.facts),
          }),
        }),
        { type: "passOn", params: ({ event }) => event.facts },
        "orderRecordings",
      ],
    },
    "recording.facts": {
      actions: [
        assign({ recordings: ({ context, event }) => withRecording(context, event.facts) }),
        "orderRecordings",
      ],
    },
    recordingGap: {
      actions: enqueueActions(({ context, event: { type: _, ...told }, enqueue }) => {
        const gap = { ...told, coveredBy: coveredBy(context, told.encoder, told.by) };
        for (const { holder } of Object.values(context.keys)) {
          if (holder?.encoder !== gap.encoder && holder?.encoder !== gap.by) continue;
          enqueue.sendTo(context.streams[holder.stream]!, { type: "recordingGap", gap });
        }
      }),
    },
    practise: {
      guard: "mayPractise",
      actions: enqueueActions(({ context, event: { encoder, by }, enqueue }) => {
        beginExercise(context, newExercise(context, encoder, by), enqueue);
      }),
    },
    exerciseDue: {
      actions: enqueueActions(({ context, enqueue }) => {
        const encoder = nextToPractise(context);
        if (encoder === undefined) return;
        beginExercise(context, newExercise(context, encoder, null), enqueue);
      }),
    },
    exerciseGoesOn: {
      actions: enqueueActions(({ context, enqueue }) => {
        const because = breakOffReason(context);
        if (because === undefined) return;
        enqueue.sendTo(context.exercises, { type: "breakOff", because });
      }),
    },
    exerciseStuck: {
      actions: enqueueActions(({ context: { exercise, encoders }, event, enqueue }) => {
        if (!exercise) return;
        const news = { word: "stuck", because: event.because } as const;
        enqueue.sendTo(encoders[exercise.encoder]!, { type: "exercise", exercise, news });
      }),
    },
    exerciseEnded: {
      actions: enqueueActions(({ context: { exercise, encoders }, event, enqueue }) => {
        if (!exercise) return;
        enqueue.assign({ exercise: null });
        const news = event.result;
        enqueue.sendTo(encoders[exercise.encoder]!, { type: "exercise", exercise, news });
      }),
    },
    "farEnd.facts": {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { destination, media, movedAt } = event.facts;
        if (context.exercise?.destination === destination && media === "moving" && movedAt) {
          enqueue.sendTo(context.exercises, { type: "seen", at: movedAt });
        }
        for (const { id, destination } of context.plan.streams) {
          if (destination !== event.facts.destination) continue;
          enqueue.sendTo(context.streams[id]!, event);
        }
      }),
    },
    claim: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { stream, destination, encoder, output } = event;
        const because =
          refusal(context.keys, event) ??
          spareRefusal(context, event) ??
          practiceRefusal(context, event);
        if (because !== undefined) {
          enqueue.emit(
            decided({
              type: "key.refused",
              severity: "critical",
              message: `${encoder} does not get the key of ${destination}: ${because}`,
              data: { stream, destination, encoder, output },
            }),
          );
          enqueue.sendTo(context.streams[stream]!, { type: "key.refused", because });
          if (context.exercise?.encoder === encoder) {
            const because = `${stream} needs it`;
            enqueue.sendTo(context.exercises, { type: "breakOff", because });
          }
          return;
        }
        const keys = grant(context.keys, event, context.now().wallMs);
        const { generation } = keys[destination]!;
        enqueue.assign({ keys });
        enqueue.emit(
          decided({
            type: "key.granted",
            severity: "info",
            message: `${encoder} holds the key of ${destination}, generation ${generation}`,
            data: { stream, destination, encoder, output, generation, because: event.because },
          }),
        );
        handOver(context, event, keys, enqueue);
        enqueue.sendTo(context.streams[stream]!, {
          type: "key.granted",
          keyGeneration: generation,
        });
      }),
    },
    adopt: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { stream, destination, encoder, output } = event;
        const keys = adopt(context.keys, event, event.keyGeneration);
        const { generation } = keys[destination]!;
        enqueue.assign({ keys });
        enqueue.emit(
          decided({
            type: "key.adopted",
            severity: "info",
            message: `${encoder} publishes to ${destination} already: it keeps the key`,
            data: { stream, destination, encoder, output, generation },
          }),
        );
        handOver(context, event, keys, enqueue);
        enqueue.sendTo(context.streams[stream]!, {
          type: "key.granted",
          keyGeneration: generation,
        });
      }),
    },
    releaseKey: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const holder = context.keys[event.destination]?.holder;
        const keys = release(context.keys, event.destination);
        enqueue.assign({ keys });
        enqueue.emit(
          decided({
            type: "key.released",
            severity: "info",
            message: `nobody holds the key of ${event.destination}`,
            data: { stream: event.stream, destination: event.destination },
          }),
        );
        if (holder) {
          enqueue.sendTo(context.encoders[holder.encoder]!, {
            type: "benched",
            output: holder.output,
          });
          const facts = context.facts[holder.encoder];
          if (facts) enqueue.raise({ type: "encoder.facts", facts });
        }
      }),
    },
    publishesBenched: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { encoder, output, destination } = event;
        const streams = context.plan.streams.filter(
          (s) =>
            (destination === null || s.destination === destination) &&
            s.encoders.some((ref) => ref.encoder === encoder && ref.output === output),
        );
        for (const { id } of streams) {
          enqueue.sendTo(context.streams[id]!, { type: "publishesBenched", encoder, output });
        }
        if (streams.length > 0) return;
        enqueue.sendTo(context.encoders[encoder]!, { type: "rogue", output });
      }),
    },
    isMissed: {
      actions: enqueueActions(({ context, event: { encoder }, enqueue }) => {
        const streams = context.plan.streams.filter(({ encoders }) =>
          encoders.some((ref) => ref.encoder === encoder),
        );
        const isOff = ({ id }: StreamPlan) =>
          context.streams[id]!.getSnapshot().context.memory.schedule.phase === "off";
        const isMissed = streams.length === 0 || !streams.every(isOff);
        enqueue.sendTo(context.encoders[encoder]!, { type: isMissed ? "missed" : "notMissed" });
      }),
    },
    wantsSync: {
      actions: enqueueActions(({ context, event: { encoder }, enqueue }) => {
        const frozen = changeFreeze(context.freeze, "configuration", context.now());
        const carries = Object.values(context.keys).find((key) => key.holder?.encoder === encoder);
        const because = carries ? `${encoder} carries ${carries.holder?.stream}` : frozen;
        const answer = because === undefined ? "maySync" : "mayNotSync";
        enqueue.sendTo(
          context.encoders[encoder]!,
          answer === "maySync" ? { type: answer } : { type: answer, because: because! },
        );
      }),
    },
    wantsToInterrupt: {
      actions: enqueueActions(({ context, event: { encoder }, enqueue }) => {
        const carried = Object.values(context.keys).flatMap(({ holder }) =>
          holder?.encoder === encoder ? [context.streams[holder.stream]!.getSnapshot()] : [],
        );
        const because = whyNotInterrupt(carried);
        enqueue.sendTo(
          context.encoders[encoder]!,
          because === undefined ? { type: "mayInterrupt" } : { type: "mayNotInterrupt", because },
        );
      }),
    },
    wantsRelief: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { encoder, because } = event;
        for (const { holder } of Object.values(context.keys)) {
          if (holder?.encoder !== encoder) continue;
          enqueue.sendTo(context.streams[holder.stream]!, { type: "relieve", encoder, because });
        }
      }),
    },
    cutPower: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        enqueue.sendTo(context.encoders[event.encoder]!, {
          type: "cutPower",
          stream: event.stream,
          recording: event.recording,
        });
      }),
    },
    rogue: {
      actions: enqueueActions(({ context, event: { encoder, output }, enqueue }) => {
        enqueue.sendTo(context.encoders[encoder]!, { type: "rogue", output });
      }),
    },
    rolledBack: {
      actions: [
        assign({
          keys: ({ context }) =>
            Object.fromEntries(
              Object.entries(context.keys).map(([id, key]) => [
                id,
                { ...key, known: false, holder: null },
              ]),
            ),
        }),
        emit(({ event }) =>
          decided({
            type: "site.rolledBack",
            severity: "critical",
            message: `${event.because}: looking who publishes before doing anything`,
          }),
        ),
        enqueueActions(({ context, enqueue }) => {
          // Who is benched was the old journal's word, too: nobody is an intruder by it.
          for (const { id, outputs } of context.plan.encoders) {
            for (const output of outputs) {
              enqueue.sendTo(context.encoders[id]!, { type: "released", output });
            }
          }
          for (const ref of Object.values(context.streams)) {
            enqueue.sendTo(ref, { type: "ownershipUnknown" });
          }
        }),
      ],
    },
    eventPhase: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const before = context.freeze;
        const freeze = withEvent(before, event.stream, event.event);
        enqueue.assign({ freeze });
        if (isFrozen(before) === isFrozen(freeze)) return;
        enqueue.emit(
          decided({
            type: "site.changeFreeze",
            severity: "info",
            message: event.event
              ? `changes are frozen until ${event.event.name} is over`
              : "changes are free again",
            data: { events: freeze.events },
          }),
        );
      }),
    },
    overrideFreeze: {
      guard: ({ context }) => isFrozen(context.freeze),
      actions: enqueueActions(({ context, event: { by, why }, enqueue }) => {
        enqueue.assign({ freeze: withOverride(context.freeze, { by, why }, context.now()) });
        enqueue.emit(
          decided({
            type: "site.freezeOverridden",
            severity: "warning",
            message: `${by} lets changes through for 30 min in a change freeze: ${why}`,
            data: { by, why, events: context.freeze.events },
          }),
        );
      }),
    },
    openSession: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { decision, open } = opening(context, event);
        if (open) {
          const { stream, session } = open;
          const facts = factsOf(context.facts, session);
          enqueue.sendTo(context.sessions.refs[stream]!, { type: "open", session, facts });
        }
        enqueue.emit(decided(decision));
      }),
    },
    changeSession: {
      guard: ({ context, event }) => sessionOf(context, event.stream) !== null,
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { stream, command, change } = event;
        const refusal = changeRefusal(context, event);
        if (refusal) enqueue.emit(decided(refusal));
        else enqueue.sendTo(context.sessions.refs[stream]!, { type: "change", command, change });
      }),
    },
    "session.assign": {
      actions: enqueueActions(({ context, event: { stream, assigned: now }, enqueue }) => {
        const { [stream]: before, ...others } = context.sessions.assigned;
        const assigned = { ...others, ...(now && { [stream]: now }) };
        const plan = planWith(context.plan, assigned);
        enqueue.assign({ sessions: { ...context.sessions, assigned, plan } });
        const full = context.plan.streams.find(({ id }) => id === stream)!;
        const { encoders } = streamFor(full, now ?? undefined);
        enqueue.sendTo(context.streams[stream]!, { type: "assigned", encoders });
        const concerned = [...(before?.encoders ?? []), ...(now?.encoders ?? [])];
        for (const encoder of new Set(concerned.map((ref) => ref.encoder))) {
          const news = wantedNews(context, plan, encoder);
          if (news) enqueue.sendTo(context.encoders[encoder]!, news);
        }
      }),
    },
    "session.setUp": {
      actions: enqueueActions(({ context, event: { encoders }, enqueue }) => {
        for (const id of encoders) enqueue.sendTo(context.encoders[id]!, { type: "setUp" });
      }),
    },
    "session.start": {
      actions: enqueueActions(({ context, event: { stream, to, command }, enqueue }) => {
        enqueue.sendTo(context.streams[stream]!, { type: "start", to, command });
      }),
    },
    "session.stop": {
      actions: enqueueActions(({ context, event: { stream, command }, enqueue }) => {
        enqueue.sendTo(context.streams[stream]!, { type: "stop", command });
      }),
    },
    streamStopped: {
      actions: enqueueActions(({ context, event: { type, stream }, enqueue }) => {
        const session = context.sessions.refs[stream];
        if (session) enqueue.sendTo(session, { type });
      }),
    },
    streamStopAsked: {
      actions: enqueueActions(({ context, event: { type, stream, command }, enqueue }) => {
        const session = context.sessions.refs[stream];
        if (session) enqueue.sendTo(session, { type, command });
      }),
    },
    wantsLineUp: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const lineUp = lineUpOf(context, event.stream);
        if (lineUp) enqueue.sendTo(context.streams[event.stream]!, { type: "lineUp", lineUp });
      }),
    },
    journal: {
      guard: ({ context, event }) => event.health !== context.journal,
      actions: [
        assign({ journal: ({ event }) => event.health }),
        emit(({ event }) =>
          decided({
            type: "site.journal",
            severity: event.health === "ok" ? "info" : "critical",
            message: journalSentences[event.health],
            data: { journal: event.health },
          }),
        ),
      ],
    },
    hostClock: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        const { hostClock: before, plan, now } = context;
        const hostClock = hostClockAfter(before, event.look, now(), plan.clockAlarmOffsetMs);
        enqueue.assign({ hostClock });
        const news = hostClockNews(before, hostClock);
        if (news) enqueue.emit(decided(news));
      }),
    },
    clockJump: { actions: emit(({ event }) => decided(jumpNews(event.byMs))) },
    opened: {
      actions: emit(({ event }) =>
        decided({
          type: "site.started",
          severity: "info",
          message: `understudy ${event.version} started${
            event.fresh ? "; the journal is new, so nobody's key is known yet" : ""
          }`,
          data: { version: event.version, fresh: event.fresh },
        }),
      ),
    },
  },
  initial: "ok",
  states: {
    ok: {
      on: {
        stalled: [
          {
            guard: "isImpaired",
            target: "impaired",
            actions: [
              "tellEverybody",
              "noteStall",
              emit(({ event }) =>
                decided({
                  type: "site.deciderImpaired",
                  severity: "critical",
                  message: `this host cannot keep up: the decider stood still for ${Math.round(event.lagMs)} ms, the third time in a minute`,
                  data: { lagMs: event.lagMs },
                }),
              ),
            ],
          },
          { actions: ["tellEverybody", "noteStall"] },
        ],
      },
    },
    impaired: {
      on: {
        stalled: { target: "impaired", reenter: true, actions: ["tellEverybody", "noteStall"] },
      },
      after: {
        60_000: {
          target: "ok",
          actions: emit(
            decided({
              type: "site.deciderRecovered",
              severity: "info",
              message: "this host keeps up again",
            }),
          ),
        },
      },
    },
  },
});
stepped(siteMachine);

/** What is wanted of this box, where that is another now. */
function wantedNews(
  { facts, encoders }: Pick<SiteContext, "facts" | "encoders">,
  plan: SitePlan,
  encoder: string,
) {
  const { desired: before } = encoders[encoder]!.getSnapshot().context.duty;
  const desired = desiredOf(plan, facts, encoder, before);
  const isNews = JSON.stringify(desired) !== JSON.stringify(before);
  return isNews ? ({ type: "wanted", desired } as const) : undefined;
}

/**
 * The holder may use its output; every other box of the stream forgets the key. Only who has not
 * done so already is told, and only boxes with another holder are passed on: a takeover must not
 * take longer the more boxes stand by.
 */
function handOver(
  context: SiteContext,
  claim: { stream: string; encoder: string; output: string },
  keys: Keys,
  enqueue: {
    sendTo: (
      ref: EncoderRef,
      event: { type: "granted" | "benched"; output: string; asSpareFor?: string },
    ) => void;
    raise: (event: Extract<SiteEvent, { type: "encoder.facts" }>) => void;
  },
) {
  const before = holdings(context.keys);
  const held = holdings(keys);
  const { encoders, spares } = context.plan.streams.find((s) => s.id === claim.stream)!;
  for (const { encoder, output } of encoders) {
    const ref = context.encoders[encoder]!;
    const place = `${encoder}/${output}`;
    const isHolder = encoder === claim.encoder && output === claim.output;
    if (isHolder || (held[place] === undefined && !isBenched(ref.getSnapshot(), output))) {
      enqueue.sendTo(ref, {
        type: isHolder ? "granted" : "benched",
        output,
        ...(isHolder && spares?.includes(encoder) && { asSpareFor: claim.stream }),
      });
    }
    const facts = context.facts[encoder];
    if (facts && held[place] !== before[place]) enqueue.raise({ type: "encoder.facts", facts });
  }
}

/** A spare covers one stream at a time, whatever it has outputs for. */
function spareRefusal(
  { plan, keys, facts }: SiteContext,
  { stream, encoder }: { stream: string; encoder: string },
): string | undefined {
  if (!plan.streams.find(({ id }) => id === stream)?.spares?.includes(encoder)) return undefined;
  const holders = Object.values(keys).map(({ holder }) => holder);
  const carried = holders.find((holder) => holder?.encoder === encoder)?.stream;
  const keptFor = carried ?? facts[encoder]?.inUseFor ?? stream;
  return keptFor === stream ? undefined : `${encoder} is a spare, and in use for ${keptFor}`;
}

/** A box that is practised is free again a moment later, and has to be: the exercise ends now. */
function practiceRefusal(
  { exercise }: SiteContext,
  { encoder }: { encoder: string },
): string | undefined {
  return exercise?.encoder === encoder ? `${encoder} is being practised` : undefined;
}

function beginExercise(
  { exercises, encoders }: SiteContext,
  exercise: Exercise,
  enqueue: {
    assign: (change: { exercise: Exercise }) => void;
    sendTo: {
      (ref: SiteContext["exercises"], event: { type: "begin"; exercise: Exercise }): void;
      (ref: EncoderRef, event: Extract<EncoderEvent, { type: "exercise" }>): void;
    };
  },
) {
  enqueue.assign({ exercise });
  const { encoder } = exercise;
  // Its streams do not count on it from now on.
  enqueue.sendTo(encoders[encoder]!, { type: "exercise", exercise, news: { word: "begun" } });
  enqueue.sendTo(exercises, { type: "begin", exercise });
}

const journalSentences = {
  ok: "the journal is written again",
  slow: "the disk does not answer in time: decisions go on, their record waits in memory",
  full: "the disk is full: decisions go on, their record waits in memory",
  failed: "the disk fails: decisions go on, their record waits in memory",
} as const;
