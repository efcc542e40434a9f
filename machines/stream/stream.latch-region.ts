/** The region of a stream that says when it stays where it is, and when it may move again. */
import { not } from "xstate";
import { movesFree, movesHeld } from "./latch.moves.ts";
import * as tell from "./latch.decisions.ts";
import { change, tells } from "./stream.steps.ts";

const hold = change(({ context }) => movesHeld(context));
export const movesRegion = {
  initial: "free",
  states: {
    free: {
      always: [
        { guard: "movesAreLatched", target: "held" },
        { guard: "movedTooOften", target: "held", actions: [hold, tells(tell.movesHeld)] },
      ],
    },
    held: {
      always: [
        { guard: not("movesAreLatched"), target: "free" },
        { guard: "changedAgain", target: "held", reenter: true, actions: hold },
      ],
      after: {
        calm: {
          target: "free",
          actions: [change(({ context }) => movesFree(context)), tells(tell.movesFree)],
        },
      },
    },
  },
} as const;

export const returnsRegion = {
  initial: "resuming",
  states: {
    resuming: { always: [{ guard: "returnsAreLatched", target: "held" }, { target: "free" }] },
    free: {
      always: {
        guard: "returnsAreLatched",
        target: "held",
        actions: tells(tell.returnsHeld),
      },
    },
    held: { always: { guard: not("returnsAreLatched"), target: "free" } },
  },
} as const;
