import { assign, emit, enqueueActions, setup } from "xstate";
import { type Decision, decided } from "../decision.ts";
import { effect } from "../effect.ts";
import type { OutputPlan } from "../site/plan.ts";
import { stepped } from "../stepping/stepped.ts";
import { elapsedMs, type Stamp } from "../time.ts";
import { conformityChange, type Conformity, judged } from "./conformity.ts";
import type { OutputEvent, OutputReading } from "./output.events.ts";

export type OutputContext = {
  plan: OutputPlan;
  now: () => Stamp;
  reading: OutputReading | null;
  readAt: Stamp | null;
  /** Of what it has written, as was told last: also by a process that has ended since. */
  conformity: Conformity | null;
  /** Why it is not sending. */
  because: string | null;
  /** How often its process has ended by itself. */
  restarts: number;
  /** Ends in a row, each soon after its start. */
  failures: number;
  startedAt: Stamp | null;
};

/** What is new is told at once, the rest every 5 s. */
const tellsWithinMs = 15_000;
/** A process that lived so long began well. */
const livesWellFromMs = 60_000;
/** Until its process is started again: at once, then less and less often. */
const restMs = [250, 1_000, 2_000, 5_000, 15_000, 30_000];

type Word = OutputReading["state"];
type Reading = Extract<OutputEvent, { type: "reading" }>;
type Told = { event: OutputEvent };
const take = { type: "take", params: ({ event }: Told) => (event as Reading).reading } as const;

/** A reading says in which of its states it is. */
const to = (word: Word) =>
  ({
    guard: { type: "is", params: ({ event }: Told) => ({ event, word }) },
    target: word,
    reenter: true,
    actions: take,
  }) as const;
const told = { reading: [to("waiting"), to("sending"), to("failing")] } as const;
const untold = { tellsWithin: { target: "untold", actions: "tellUntold" } } as const;

/** The process that sends one relayed stream to one more place. */
export const outputMachine = setup({
  types: {} as {
    context: OutputContext;
    input: { plan: OutputPlan; now: () => Stamp };
    events: OutputEvent;
    emitted: ReturnType<typeof decided>;
  },
  actors: { runOutput: effect("runOutput") },
  guards: {
    is: (_, { event, word }: { event: OutputEvent; word: string }) =>
      (event as Reading).reading.state === word,
  },
  actions: {
    take: enqueueActions(({ context, enqueue }, reading: OutputReading) => {
      const { plan, reading: before, now } = context;
      if (before?.state !== reading.state) enqueue.emit(decided(change(plan, reading, before)));
      const conformity = judged(context.conformity, reading.conformity, now().wallMs);
      const told = conformityChange(plan, context.conformity, conformity);
      if (told) enqueue.emit(decided(told));
      enqueue.assign({ reading, readAt: now(), because: reading.why, conformity });
    }),
    noteStart: assign({ startedAt: ({ context }) => context.now() }),
    noteEnd: assign(({ context }, because: string) => {
      const { startedAt, now, failures, restarts } = context;
      const livedWell = startedAt !== null && elapsedMs(startedAt, now()) >= livesWellFromMs;
      return {
        because,
        reading: null,
        readAt: null,
        restarts: restarts + 1,
        failures: livedWell ? 0 : failures + 1,
      };
    }),
    noteFailure: assign(({ context }, because: string) => ({
      because,
      failures: context.failures + 1,
    })),
    tellUntold: emit(({ context: { plan } }) =>
      decided({
        type: "output.changed",
        severity: "warning",
        message: `${plan.id}: does not tell how it goes; it is left alone`,
        data: { stream: plan.stream, state: "unknown" },
      }),
    ),
    tellEnd: emit(({ context: { plan } }, because: string) =>
      decided({
        type: "output.changed",
        severity: "warning",
        message: `${plan.id}: its process ended, and is started again: ${because}`,
        data: { stream: plan.stream, state: "starting", because },
      }),
    ),
  },
  delays: {
    tellsWithin: tellsWithinMs,
    rest: ({ context }) => restMs[Math.min(context.failures, restMs.length) - 1] ?? restMs[0]!,
  },
}).createMachine({
  id: "output",
  context: ({ input }) => ({
    ...input,
    ...{ reading: null, readAt: null, conformity: null },
    ...{ because: null, restarts: 0, failures: 0, startedAt: null },
  }),
  initial: "unknown",
  on: {
    ended: {
      target: ".resting",
      actions: [
        { type: "noteEnd", params: ({ event }) => event.because },
        { type: "tellEnd", params: ({ event }) => event.because },
      ],
    },
  },
  states: {
    unknown: { on: { absent: "starting", found: "untold", ...told } },
    /** It runs, as far as is known, but says nothing. */
    untold: { on: told },
    starting: {
      entry: "noteStart",
      invoke: {
        src: "runOutput",
        input: ({ context: { plan } }) => ({ output: plan.id }),
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
    sending: { on: told, after: untold },
    failing: { on: told, after: untold },
    resting: { after: { rest: "starting" } },
  },
});
stepped(outputMachine);

function change(
  { id, stream }: OutputPlan,
  { state, why }: OutputReading,
  before: OutputReading | null,
): Decision {
  const isLoss = state === "failing" || (state === "waiting" && before !== null);
  return {
    type: "output.changed",
    severity: isLoss ? "warning" : "info",
    message: `${id}: ${sentences[state]}${why === null ? "" : `: ${why}`}`,
    data: { stream, state, because: why },
  };
}

const sentences: Record<Word, string> = {
  waiting: "its stream brings no picture",
  sending: "sends",
  failing: "what comes cannot go out",
};
