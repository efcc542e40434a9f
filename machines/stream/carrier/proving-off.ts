/** The carrier region between two carriers: whoever held the key is proven off it, one after the other. */
import { and, assign, enqueueActions, not } from "xstate";
import * as tell from "../stream.decisions.ts";
import * as fence from "../stream.fence-moves.ts";
import * as moves from "../stream.moves.ts";
import { fenceOrder } from "../stream.questions.ts";
import * as start from "../stream.start-moves.ts";
import { streamSetup } from "../stream.setup.ts";
import {
  backByItself,
  change,
  evidenceOf,
  fenceAgain,
  personActs,
  rests,
  tells,
} from "../stream.steps.ts";

const state = streamSetup.createStateConfig;
const kickedTooOften = "somebody else keeps publishing on this key: two kicks in 10 minutes";

export const provingOff = {
  /** One suspect after another has to be proven off the key. */
  checking: state({
    always: [
      { guard: "nobodyIsSuspect", target: "proven" },
      {
        guard: "suspectBelongsToAnother",
        target: "checking",
        reenter: true,
        actions: change(({ context }) => ({ suspects: context.memory.suspects.slice(1) })),
      },
      {
        guard: "quietProves",
        target: "checking",
        reenter: true,
        actions: change(({ context }) => fence.certifiedByQuiet(context)),
      },
      {
        guard: "powerProves",
        target: "checking",
        reenter: true,
        actions: change(({ context }) => fence.certifiedByPower(context)),
      },
      {
        guard: "isLatchedByKicks",
        target: "needsHuman",
        actions: assign({ because: kickedTooOften }),
      },
      {
        guard: "exitProves",
        target: "checking",
        reenter: true,
        actions: change(({ context }) => fence.certifiedByExit(context)),
      },
      { target: "fencing" },
    ],
  }),
  fencing: state({
    // A box that is known not to answer proves nothing itself: no time is lost on asking it.
    entry: enqueueActions(({ check, enqueue }) => {
      if (check("isUnreachable") && check("mayCutPower")) enqueue("askForPowerCut");
    }),
    always: [
      { guard: "quietProves", target: "checking" },
      { guard: "powerProves", target: "checking" },
      { guard: "suspectBelongsToAnother", target: "checking" },
    ],
    invoke: {
      src: "fence",
      input: ({ context }) => fenceOrder(context),
      onDone: [
        {
          guard: { type: "proves", params: evidenceOf },
          target: "checking",
          actions: change((args) => fence.certifiedBy(args.context, evidenceOf(args))),
        },
        {
          guard: "loserCannotRetry",
          target: "proven",
          actions: change(() => ({
            unproven: { kind: "lastWins", by: "the loser starts nothing by itself" },
          })),
        },
        {
          target: "waitingForFence",
          actions: change((args) => fence.unprovenBecause(args.context, evidenceOf(args))),
        },
      ],
      onError: {
        target: "waitingForFence",
        actions: change(({ context }) => fence.unprovenBecause(context, [])),
      },
    },
    after: { fenceTimeout: "waitingForFence" },
  }),

  /** No proof yet. Nobody else may start; the proof is looked for again and again. */
  waitingForFence: state({
    entry: [
      tells(tell.fenceUnproven),
      "tellIncident",
      enqueueActions(({ check, enqueue }) => {
        if (check("mayCutPower")) enqueue("askForPowerCut");
      }),
    ],
    initial: "resting",
    always: [
      rests,
      { guard: "quietProves", target: "checking" },
      { guard: "powerProves", target: "checking" },
      { guard: "suspectBelongsToAnother", target: "checking" },
      {
        guard: "mayGoUnproven",
        target: "proven",
        actions: change(() => ({
          unproven: { kind: "allowUnproven", by: "configuration" },
        })),
      },
      backByItself(),
      { guard: and(["isFenceOverdue", not("quietBecomesProof")]), target: "needsHuman" },
    ],
    // A moment to look at the conditions above.
    after: { fenceTimeLeft: {} },
    states: fenceAgain("retryFence"),
    on: personActs(),
  }),

  /** As before, and a person was called. A later proof still leads to the takeover. */
  needsHuman: state({
    entry: ["callForHelp", { type: "giveUpCommand", params: "fence_unproven" }, "tellIncident"],
    initial: "resting",
    always: [
      rests,
      { guard: and([not("nobodyIsSuspect"), "quietProves"]), target: "checking" },
      { guard: "powerProves", target: "checking" },
      { guard: "suspectBelongsToAnother", target: "checking" },
      backByItself(),
    ],
    states: fenceAgain("retryFenceSlowly"),
    on: personActs(),
  }),

  proven: state({
    entry: [
      change(({ context }) => fence.proven(context, context.memory.unproven)),
      tells(tell.fenced),
    ],
    always: [
      { guard: "isToStop", target: "releasing" },
      { guard: "mayBeKicked", target: "lookingWhoCame" },
      { target: "choosing" },
    ],
  }),
  /** Where the last publisher wins: was it taken from us, or did it end by itself? */
  lookingWhoCame: state({
    always: [
      {
        guard: "strangerCame",
        target: "kicked",
        actions: change(({ context }) => moves.wasKicked(context)),
      },
      { guard: not("mayBeKicked"), target: "choosing" },
    ],
    after: { whoCame: "choosing" },
  }),
  kicked: state({
    always: [
      {
        guard: "isLatchedByKicks",
        target: "needsHuman",
        actions: assign({ because: kickedTooOften }),
      },
      { target: "choosing" },
    ],
  }),
  releasing: state({
    always: {
      target: "stopped",
      actions: [
        "releaseKey",
        change(({ context }) => start.stopped(context)),
        tells(tell.stopped),
        "finishCommand",
      ],
    },
  }),
};
