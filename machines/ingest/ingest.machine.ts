import { assign, emit, enqueueActions, setup } from "xstate";
import { type Decision, decided } from "../decision.ts";
import { effect } from "../effect.ts";
import type { IngestPlan } from "../site/plan.ts";
import { stepped } from "../stepping/stepped.ts";
import { elapsedMs, type Stamp } from "../time.ts";
import { type Flow, flowAfter, flowEnded, unknownFlow } from "./flow.ts";
import type { IngestEvent, IngestReading } from "./ingest.events.ts";

export type IngestContext = {
  plan: IngestPlan;
  now: () => Stamp;
  reading: IngestReading | null;
  readAt: Stamp | null;
  flow: Flow;
  /** Why it is not receiving. */
  because: string | null;
  /** How often its process has ended by itself. */
  restarts: number;
  /** Ends in a row, each soon after its start. */
  failures: number;
  startedAt: Stamp | null;
  /** Whose key lets a publisher in, where it is kept for sessions. */
  session: string | null;
};

/** Its process tells of itself twice a second, and what is new at once; the rest every 5 s. */
const tellsWithinMs = 15_000;
/** A process that lived so long began well. */
const livesWellFromMs = 60_000;
/** Until its process is started again: at once, then less and less often. */
const restMs = [250, 1_000, 2_000, 5_000, 15_000, 30_000];

type Word = IngestReading["state"];
type Reading = Extract<IngestEvent, { type: "reading" }>;
const take = { type: "take", params: ({ event }: Told) => (event as Reading).reading } as const;
type Told = { event: IngestEvent };

/** A reading says in which of its states it is. */
const to = (word: Word) =>
  ({
    guard: { type: "is", params: ({ event }: Told) => ({ event, word }) },
    target: word,
    reenter: true,
    actions: take,
  }) as const;
const told = {
  reading: [to("waiting"), to("receiving"), to("silent"), to("failing")],
} as const;
const untold = { tellsWithin: { target: "untold", actions: "tellUntold" } } as const;

/** The process that takes one programme in: that it runs, and what it takes in. */
export const ingestMachine = setup({
  types: {} as {
    context: IngestContext;
    input: { plan: IngestPlan; now: () => Stamp; session?: string };
    events: IngestEvent;
    emitted: ReturnType<typeof decided>;
  },
  actors: { runIngest: effect("runIngest") },
  guards: {
    isForSessions: ({ context }) => context.plan.sessions === true,
    admitsAnother: ({ context }, session: string | null) => context.session !== session,
    is: (_, { event, word }: { event: IngestEvent; word: string }) =>
      (event as Reading).reading.state === word,
  },
  actions: {
    take: enqueueActions(({ context, enqueue }, reading: IngestReading) => {
      const { plan, reading: before, flow, now } = context;
      if (before && reading.refused.count > before.refused.count) {
        enqueue.emit(decided(refusal(plan, reading)));
      }
      if (before?.state !== reading.state) enqueue.emit(decided(change(plan, reading, before)));
      enqueue.assign({
        ...{ reading, readAt: now(), because: reading.why },
        flow: flowAfter(flow, reading, now()),
      });
    }),
    admit: assign((_, session: string | null) => ({
      ...{ session, reading: null, readAt: null },
      flow: unknownFlow,
    })),
    noteStart: assign({ startedAt: ({ context }) => context.now() }),
    noteEnd: assign(({ context }, because: string) => {
      const { startedAt, now, failures, restarts, flow } = context;
      const livedWell = startedAt !== null && elapsedMs(startedAt, now()) >= livesWellFromMs;
      return {
        because,
        reading: null,
        readAt: null,
        flow: flowEnded(flow, now()),
        restarts: restarts + 1,
        failures: livedWell ? 0 : failures + 1,
      };
    }),
    noteFailure: assign(({ context }, because: string) => ({
      because,
      failures: context.failures + 1,
    })),
    tellUntold: emit(({ context }) =>
      decided({
        type: "ingest.changed",
        severity: "warning",
        message: `${context.plan.id}: does not tell how it goes; it is left alone`,
        data: { state: "unknown" },
      }),
    ),
    tellEnd: emit(({ context }, because: string) =>
      decided({
        type: "ingest.changed",
        severity: "warning",
        message: `${context.plan.id}: its process ended, and is started again: ${because}`,
        data: { state: "starting", because },
      }),
    ),
  },
  delays: {
    tellsWithin: tellsWithinMs,
    rest: ({ context }) => restMs[Math.min(context.failures, restMs.length) - 1] ?? restMs[0]!,
  },
}).createMachine({
  id: "ingest",
  context: ({ input }) => ({
    ...input,
    session: input.session ?? null,
    reading: null,
    readAt: null,
    flow: unknownFlow,
    because: null,
    restarts: 0,
    failures: 0,
    startedAt: null,
  }),
  initial: "unknown",
  on: {
    admit: {
      guard: { type: "admitsAnother", params: ({ event }) => event.session },
      target: ".starting",
      actions: { type: "admit", params: ({ event }) => event.session },
    },
    ended: {
      target: ".resting",
      actions: [
        { type: "noteEnd", params: ({ event }) => event.because },
        { type: "tellEnd", params: ({ event }) => event.because },
      ],
    },
  },
  states: {
    unknown: {
      on: {
        absent: "starting",
        // It may let another session's publisher in.
        found: [{ guard: "isForSessions", target: "starting" }, { target: "untold" }],
        ...told,
      },
    },
    /** It runs, as far as is known, but says nothing. */
    untold: { on: told },
    starting: {
      entry: "noteStart",
      invoke: {
        src: "runIngest",
        input: ({ context: { plan, session } }) => ({
          ingest: plan.id,
          ...(session !== null && { session }),
        }),
        onDone: "begun",
        onError: {
          target: "resting",
          actions: {
            type: "noteFailure",
            params: ({ event }) => (event.error as { message: string }).message,
          },
        },
      },
    },
    begun: { on: told, after: untold },
    waiting: { on: told, after: untold },
    receiving: { on: told, after: untold },
    silent: { on: told, after: untold },
    failing: { on: told, after: untold },
    resting: { after: { rest: "starting" } },
  },
});
stepped(ingestMachine);

function change(
  { id }: IngestPlan,
  { state, why, publisher }: IngestReading,
  before: IngestReading | null,
): Decision {
  const isLoss = state === "waiting" ? before !== null : state !== "receiving";
  return {
    type: "ingest.changed",
    severity: isLoss ? "warning" : "info",
    message: `${id}: ${sentences[state]}${why === null ? "" : `: ${why}`}`,
    data: { state, because: why, publisher: publisher?.from ?? null },
  };
}

function refusal({ id }: IngestPlan, { refused: { count, last } }: IngestReading): Decision {
  return {
    type: "ingest.refused",
    severity: "warning",
    message: `${id}: ${last?.from ?? "somebody"} ${last?.why ?? "was refused"}`,
    data: { count, from: last?.from ?? null, why: last?.why ?? null },
  };
}

const sentences: Record<Word, string> = {
  waiting: "waits for a publisher",
  receiving: "receives a picture",
  silent: "has somebody who publishes, but nothing comes",
  failing: "cannot be had",
};
