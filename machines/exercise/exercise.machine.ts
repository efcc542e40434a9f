import { assign, sendParent, setup } from "xstate";
import { effect, type EffectError } from "../effect.ts";
import { elapsedMs, type Stamp } from "../time.ts";
import { type Exercise, type ExerciseResult, exerciseStream, pictureWithinMs } from "./exercise.ts";

export type ExerciseEvent =
  | { type: "begin"; exercise: Exercise }
  /** The far end has its picture. */
  | { type: "seen"; at: Stamp }
  | { type: "breakOff"; because: string };

/** What it asks and tells the site. */
export type ExerciseToSite =
  /** Is anybody to be practised? */
  | { type: "exerciseDue" }
  /** Does anything speak against the one under way? */
  | { type: "exerciseGoesOn" }
  | { type: "exerciseStuck"; because: string }
  | { type: "exerciseEnded"; result: ExerciseResult };

type Context = {
  exercise: Exercise | null;
  result: ExerciseResult | null;
  /** It could not be stopped at once, and that was told. */
  isStuck: boolean;
};

const errorOf = (event: unknown) =>
  (event as { error?: EffectError }).error?.message ?? "it does not answer";
const offer = sendParent<Context, ExerciseEvent, undefined, ExerciseToSite, ExerciseEvent>({
  type: "exerciseDue",
});

/** The exercises of a site, one at a time. What may be practised, the site says. */
export const exerciseMachine = setup({
  types: {} as {
    context: Context;
    /** One that an earlier run of the daemon began. */
    input: { exercise: Exercise | null };
    events: ExerciseEvent;
  },
  actors: { startOutput: effect("startOutput"), stopOutput: effect("stopOutput") },
  actions: {
    fail: assign((_, because: string) => ({ result: { word: "failed" as const, because } })),
    breakOff: assign((_, because: string) => ({ result: { word: "broken" as const, because } })),
    tellStuck: sendParent((_, because: string): ExerciseToSite => ({
      type: "exerciseStuck",
      because,
    })),
  },
}).createMachine({
  id: "exercise",
  context: ({ input: { exercise } }) => ({ exercise, result: null, isStuck: false }),
  initial: "deciding",
  states: {
    deciding: {
      always: [
        {
          guard: ({ context }) => context.exercise !== null,
          target: "stopping",
          actions: { type: "breakOff", params: "the daemon was restarted meanwhile" },
        },
        { target: "resting" },
      ],
    },
    resting: {
      entry: assign({ exercise: null, result: null, isStuck: false }),
      on: {
        begin: {
          target: "running",
          actions: assign({ exercise: ({ event }) => event.exercise }),
        },
      },
      after: { 600_000: { target: "resting", reenter: true, actions: offer } },
    },
    running: {
      type: "parallel",
      on: {
        seen: {
          target: "stopping",
          actions: assign({
            result: ({ context, event }) => ({
              word: "done" as const,
              startMs: elapsedMs(context.exercise!.begunAt, event.at),
            }),
          }),
        },
        breakOff: {
          target: "stopping",
          actions: { type: "breakOff", params: ({ event }) => event.because },
        },
      },
      states: {
        start: {
          initial: "starting",
          states: {
            starting: {
              invoke: {
                src: "startOutput",
                input: ({ context }) => {
                  const { encoder, output, destination, keyGeneration } = context.exercise!;
                  return { encoder, output, destination, keyGeneration, stream: exerciseStream };
                },
                onDone: "started",
                onError: {
                  target: "#exercise.stopping",
                  actions: { type: "fail", params: ({ event }) => errorOf(event) },
                },
              },
            },
            started: {
              after: {
                [pictureWithinMs]: {
                  target: "#exercise.stopping",
                  actions: {
                    type: "fail",
                    params: `no picture arrived within ${pictureWithinMs / 1_000} s`,
                  },
                },
              },
            },
          },
        },
        watch: {
          initial: "looking",
          states: {
            looking: {
              after: {
                1_000: {
                  target: "looking",
                  reenter: true,
                  actions: sendParent({ type: "exerciseGoesOn" } satisfies ExerciseToSite),
                },
              },
            },
          },
        },
      },
    },
    stopping: {
      invoke: {
        src: "stopOutput",
        input: ({ context }) => {
          const { encoder, output } = context.exercise!;
          return { encoder, output, forgetKey: true };
        },
        onDone: {
          target: "resting",
          actions: sendParent(({ context }): ExerciseToSite => ({
            type: "exerciseEnded",
            result: context.result!,
          })),
        },
        onError: [
          { guard: ({ context }) => context.isStuck, target: "stuck" },
          {
            target: "stuck",
            actions: [
              assign({ isStuck: true }),
              { type: "tellStuck", params: ({ event }) => errorOf(event) },
            ],
          },
        ],
      },
    },
    stuck: { after: { 5_000: "stopping" } },
  },
});
