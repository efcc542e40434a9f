/** The region of a stream that drills it: there, hold, back. Every move is the carrier's own. */
import { streamSetup } from "../stream.setup.ts";
import { change, type Of, tells } from "../stream.steps.ts";
import { arrived, begun, legLimitMs, turnedBack } from "./drill.ts";
import { drillBegun } from "./drill.decisions.ts";

const state = streamSetup.createStateConfig;

const tooLong = {
  target: "resting",
  actions: {
    type: "endDrill",
    params: {
      result: "failed",
      because: `the move was not over after ${legLimitMs / 60_000} min`,
    },
  },
} as const;

export const drillRegion = state({
  initial: "resuming",
  states: {
    resuming: {
      always: [
        {
          guard: "isDrilled",
          target: "resting",
          actions: {
            type: "endDrill",
            params: { result: "broken", because: "the daemon was restarted meanwhile" },
          },
        },
        { target: "resting" },
      ],
    },

    resting: {
      initial: "asked",
      states: {
        asked: { always: { guard: "drillsRegularly", target: "waiting" } },
        waiting: {
          after: { drillLook: { target: "waiting", reenter: true, actions: "offerDrill" } },
        },
      },
      on: {
        drill: {
          guard: { type: "mayDrill", params: ({ event }) => event.consent },
          target: "moving",
          actions: [
            change<Of<"drill">>(({ context, event }) => begun(context, event.command)),
            tells(drillBegun),
          ],
        },
      },
    },

    moving: {
      entry: "moveForDrill",
      always: [
        {
          guard: "drillIsBack",
          target: "resting",
          actions: [
            change(({ context }) => arrived(context)),
            { type: "endDrill", params: { result: "passed", because: null } },
          ],
        },
        {
          guard: "drillHasArrived",
          target: "holding",
          actions: change(({ context }) => arrived(context)),
        },
        { guard: "drillWentWrong", target: "resting", actions: "failDrill" },
      ],
      after: { drillLeg: tooLong },
    },

    holding: {
      always: {
        guard: "drillDoesNotHold",
        target: "resting",
        actions: {
          type: "endDrill",
          params: { result: "broken", because: "something else happened before it went back" },
        },
      },
      after: {
        drillHold: [
          { guard: "cannotGoBack", target: "resting", actions: "leaveDrillThere" },
          { target: "moving", actions: change(({ context }) => turnedBack(context)) },
        ],
      },
    },
  },
});
