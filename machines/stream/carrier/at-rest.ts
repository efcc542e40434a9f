/** The carrier region before anybody carries: stopped, off duty, or looking who publishes already. */
import { and, assign } from "xstate";
import { startsRelayed } from "../relay/fall-back.ts";
import * as moves from "../stream.moves.ts";
import { publishing } from "../stream.questions.ts";
import { streamSetup } from "../stream.setup.ts";
import { change, type Of, rests, takesAsFound, wasIn } from "../stream.steps.ts";

const state = streamSetup.createStateConfig;

export const atRest = {
  /** Where the last run left off. What was under way is asked for again: it is absolute. */
  resuming: state({
    always: [
      wasIn(["carried", "suspect"], "carried"),
      wasIn(["takingOver", "ghostWaiting"], "takingOver"),
      wasIn(["checking", "fencing", "waitingForFence", "needsHuman", "lookingWhoCame"], "checking"),
      wasIn(
        ["choosing", "awaitingFirst", "awaitingRelay", "claiming", "refused", "waitingForEncoder"],
        "waitingForEncoder",
      ),
      wasIn(["looking", "adopting", "settling"], "looking"),
      wasIn(["stopped"], "stopped"),
      wasIn(["offDuty"], "offDuty"),
      { guard: "isWanted", target: "looking" },
      { target: "stopped" },
    ],
  }),

  stopped: state({
    entry: ["relayOff", change(({ context }) => startsRelayed(context)), "tellStopped"],
    on: {
      feed: [
        {
          guard: { type: "feedsAgain", params: ({ event }) => event.on },
          target: "looking",
          actions: change(() => ({ goal: "start" })),
        },
        {},
      ],
      ownershipUnknown: {},
      windowEnded: {},
      // From now on it may be started by hand.
      eventNears: { target: "offDuty", actions: "rest" },
      windowBegan: [
        {
          guard: "startsAtBegin",
          target: "looking",
          actions: change(() => ({ goal: "start" })),
        },
        { target: "offDuty", actions: "rest" },
      ],
      stop: {
        actions: [
          "tellStopAsked",
          change<Of<"stop">>(({ event }) => ({ command: event.command })),
          "finishCommand",
        ],
      },
      start: {
        target: "looking",
        actions: change<Of<"start">>(({ event }) => ({
          command: event.command,
          goal: "start",
          ...(event.to !== undefined && { wanted: event.to }),
        })),
      },
    },
  }),

  /**
   * Not on air, and nobody misses it: before its window, after it, or within it until
   * somebody starts it. Whoever is started by hand carries it.
   */
  offDuty: state({
    entry: "relayOff",
    always: [
      { guard: "wasStartedByHand", target: "adopting" },
      { guard: and(["isAlwaysExpected", "isWanted"]), target: "looking" },
      { guard: "isAlwaysExpected", target: "settling" },
    ],
    on: {
      publishesBenched: {},
      windowEnded: {},
      windowBegan: {
        guard: "startsAtBegin",
        target: "looking",
        actions: change(({ context }) => startsRelayed(context)),
      },
      start: {
        target: "looking",
        actions: change<Of<"start">>(({ context, event }) => ({
          ...startsRelayed(context),
          command: event.command,
        })),
      },
      failover: {
        target: "looking",
        actions: change<Of<"failover">>(({ event }) => ({
          command: event.command,
          wanted: event.to ?? null,
        })),
      },
    },
  }),

  /** Nothing is started before it is known who publishes. */
  looking: state({
    // It is about to be adopted.
    on: { publishesBenched: {} },
    always: [
      { guard: "isCarriedAlready", target: "adopting" },
      { guard: "everybodyWasSeen", target: "settling" },
    ],
    after: { lookAround: "settling" },
  }),
  adopting: state({
    entry: ["relayOn", assign({ target: ({ context }) => publishing(context) ?? null }), "adopt"],
    on: {
      "key.granted": [
        {
          guard: "hasIncident",
          target: "carried",
          actions: [...takesAsFound, "tellIncident"],
        },
        { target: "carried", actions: takesAsFound },
      ],
      "key.refused": { target: "settling" },
    },
  }),
  settling: state({
    always: [
      rests,
      {
        target: "checking",
        actions: change(({ context }) => moves.suspectAll(context)),
      },
    ],
  }),
};
