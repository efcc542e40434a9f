/** Who carries the programme: one state after the other; its parts are in the folder. */
import { and } from "xstate";
import type { CommandRef } from "../../command/command-ref.ts";
import { fellBack, fellBackNews, isStarting, wentBack, wentBackNews } from "../relay/fall-back.ts";
import * as onDuty from "../schedule.moves.ts";
import * as moves from "../stream.moves.ts";
import { streamSetup } from "../stream.setup.ts";
import type { StreamEvent } from "../stream.events.ts";
import * as tell from "../stream.decisions.ts";
import { type Args, change } from "../stream.steps.ts";
import { atRest } from "./at-rest.ts";
import { onAir } from "./on-air.ts";
import { provingOff } from "./proving-off.ts";
import { puttingOn } from "./putting-on.ts";

/** To its relay, with whoever asks for it. */
const again = (by: (event: StreamEvent) => CommandRef | null) => ({
  target: ".checking",
  actions: [
    {
      type: "tell" as const,
      params: ({ context, event }: Args<StreamEvent>) => wentBackNews(context, by(event)),
    },
    { type: "giveUpCommand" as const, params: "superseded" },
    change<StreamEvent>(({ context, event }) => wentBack(context, by(event))),
    "tellIncident" as const,
  ],
});

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
    fallBack: {
      target: ".checking",
      actions: [
        { type: "tell", params: ({ context }) => fellBackNews(context) },
        {
          type: "tell",
          params: ({ context }) =>
            isStarting(context) ? null : tell.commandRefused(context, "relay_down"),
        },
        { type: "change", params: ({ context }) => fellBack(context) },
        "tellIncident",
      ],
    },
    relayAgain: { guard: "isFallenBack", ...again(() => null) },
    return: {
      guard: and(["isFallenBack", "isWantedNow"]),
      ...again((event) => (event.type === "return" ? event.command : null)),
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
