/** Who carries the programme: one state after the other; its parts are in the folder. */
import * as onDuty from "../schedule.moves.ts";
import * as moves from "../stream.moves.ts";
import { streamSetup } from "../stream.setup.ts";
import { change } from "../stream.steps.ts";
import { atRest } from "./at-rest.ts";
import { onAir } from "./on-air.ts";
import { provingOff } from "./proving-off.ts";
import { puttingOn } from "./putting-on.ts";

export const carrierRegion = streamSetup.createStateConfig({
  initial: "resuming",
  on: {
    publishesBenched: { actions: "callRogue" },
    ownershipUnknown: {
      guard: "isWantedNow",
      target: ".looking",
      actions: change(() => ({ carrier: null, target: null, suspects: [], goal: "start" })),
    },
    feed: {
      guard: { type: "feedsNoMore", params: ({ event }) => event.on },
      target: ".checking",
      actions: change(({ context }) => moves.stoppedFeeding(context)),
    },
    windowEnded: {
      guard: "stopsAtEnd",
      target: ".checking",
      actions: [
        { type: "giveUpCommand", params: "superseded" },
        change(({ context }) => onDuty.stoppedAtEnd(context)),
      ],
    },
    stop: {
      target: ".checking",
      actions: [
        "tellStopAsked",
        { type: "giveUpCommand", params: "superseded" },
        {
          type: "change",
          params: ({ context, event }) => moves.decidedToStop(context, event.command),
        },
      ],
    },
  },
  states: { ...atRest, ...onAir, ...provingOff, ...puttingOn },
});
