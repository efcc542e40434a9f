/** The carrier region while somebody carries: on air, under suspicion, and the decision to leave it. */
import { and, not } from "xstate";
import { understudyOf, verdict } from "../stream.context.ts";
import * as tell from "../stream.decisions.ts";
import * as moves from "../stream.moves.ts";
import { relieverOf } from "../stream.questions.ts";
import { streamSetup } from "../stream.setup.ts";
import { change, memoryIsDoubted, type Of, releaseLatch, rests, tells } from "../stream.steps.ts";

const state = streamSetup.createStateConfig;

export const onAir = {
  carried: state({
    always: [
      { guard: "isOff", target: "leaving" },
      { guard: "isDoubtful", target: "suspect" },
      // It went on while nobody was there to see it.
      {
        guard: and(["hasIncident", "isGood"]),
        actions: [change(({ context }) => moves.becameGood(context)), "tellIncident"],
      },
    ],
    on: {
      publishesBenched: memoryIsDoubted,
      release: releaseLatch,
      failover: {
        guard: { type: "canMove", params: ({ event }) => event.to },
        target: "checking",
        actions: change<Of<"failover">>(({ context, event }) =>
          moves.decidedToMove(context, {
            goal: "takeOver",
            to: event.to ?? understudyOf(context)?.encoder ?? null,
            command: event.command,
            by: event.command.by,
          }),
        ),
      },
      return: {
        guard: and([not("isFallenBack"), "primaryIsReady"]),
        target: "checking",
        actions: change<Of<"return">>(({ context, event }) =>
          moves.decidedToMove(context, {
            goal: "return",
            to: context.plan.encoders[0]?.encoder ?? null,
            command: event.command,
            by: event.command.by,
          }),
        ),
      },
      relieve: {
        guard: { type: "canRelieve", params: ({ event }) => event.encoder },
        target: "checking",
        actions: change<Of<"relieve">>(({ context, event }) =>
          moves.decidedToMove(context, {
            goal: "takeOver",
            to: relieverOf(context)?.encoder ?? null,
            command: null,
            by: event.because === "heat" ? "the heat of its carrier" : "a repair",
            cause: event.because,
          }),
        ),
      },
      failbackDue: {
        guard: "failsBackByItself",
        target: "checking",
        actions: change(({ context }) =>
          moves.decidedToMove(context, {
            goal: "return",
            to: context.plan.encoders[0]?.encoder ?? null,
            command: null,
            by: "the failback rule",
          }),
        ),
      },
    },
  }),

  /** Something speaks against the carrier. A short silence alone changes nothing. */
  suspect: state({
    entry: [change(({ context }) => moves.becameSuspect(context)), tells(tell.suspected)],
    initial: "watching",
    always: [
      { guard: "isOff", target: "leaving" },
      {
        guard: "isGood",
        target: "carried",
        actions: [
          tells(tell.cleared),
          { type: "closeIncident", params: ({ context }) => moves.becameGood(context) },
        ],
      },
    ],
    states: {
      watching: {
        always: [
          { guard: "looksOff", target: "counting" },
          { guard: "showsWrongContent", target: "countingContent" },
          { guard: "isSourceLost", target: "sourceless" },
        ],
      },
      sourceless: {
        entry: [change(({ context }) => moves.lostSource(context)), "tellIncident"],
        always: { guard: not("isSourceLost"), target: "watching" },
      },
      counting: {
        entry: change(({ context }) => ({ looksOffSince: context.now() })),
        always: { guard: not("looksOff"), target: "watching" },
        after: { freezeLeft: "#stream.carrier.leaving" },
      },
      countingContent: {
        always: { guard: not("showsWrongContent"), target: "watching" },
        after: { contentFault: "#stream.carrier.leaving" },
      },
    },
    on: {
      publishesBenched: memoryIsDoubted,
      release: releaseLatch,
      failover: {
        guard: { type: "canMove", params: ({ event }) => event.to },
        target: "leaving",
        actions: change<Of<"failover">>(({ context, event }) => ({
          command: event.command,
          wanted: event.to ?? understudyOf(context)?.encoder ?? null,
        })),
      },
    },
  }),

  leaving: state({
    always: [
      rests,
      {
        target: "checking",
        actions: [
          change(({ context }) =>
            verdict(context).cause === "otherPublisher" ? moves.countedKick(context) : {},
          ),
          change(({ context }) => moves.decidedToLeave(context)),
          "tellIncident",
        ],
      },
    ],
  }),
};
