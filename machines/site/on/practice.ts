/** Spares and understudies are practised off air, one at a time. */
import { enqueueActions } from "xstate";
import type { EncoderEvent } from "../../encoder/encoder.events.ts";
import type { Exercise } from "../../exercise/exercise.ts";
import { breakOffReason, newExercise, nextToPractise } from "../exercises.ts";
import type { EncoderRef, SiteContext } from "../site.context.ts";
import { siteSetup } from "../site.setup.ts";

export const practice = siteSetup.createStateConfig({
  on: {
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
  },
}).on;

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
