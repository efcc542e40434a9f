/** The carrier region once nobody holds the key: the next one is chosen, given the key and started. */
import { and, assign, not } from "xstate";
import { noLatch } from "../latch.ts";
import * as tell from "../stream.decisions.ts";
import * as fence from "../stream.fence-moves.ts";
import { nobodyBecause, startOrder, whyNotStarted } from "../stream.questions.ts";
import * as start from "../stream.start-moves.ts";
import { streamSetup } from "../stream.setup.ts";
import { change, errorOf, failureOf, type Of, rests, tells } from "../stream.steps.ts";

const state = streamSetup.createStateConfig;

export const puttingOn = {
  choosing: state({
    entry: "relayOn",
    always: [
      rests,
      // All are proven off: who had the key before may feed the relay with its output.
      { guard: "awaitsRelay", target: "awaitingRelay", actions: "releaseKey" },
      {
        guard: and(["someoneCanStart", "proofIsTooOld"]),
        target: "checking",
        actions: change(({ context }) => fence.proofAged(context)),
      },
      { guard: "firstIsUnread", target: "awaitingFirst" },
      {
        guard: "someoneCanStart",
        target: "claiming",
        actions: change(({ context }) => start.chose(context)),
      },
      { target: "waitingForEncoder" },
    ],
  }),
  /** A host that stood still while it started has not read again who comes first. */
  awaitingFirst: state({
    always: [rests, { guard: not("firstIsUnread"), target: "choosing" }],
    after: { readAgain: "choosing" },
  }),
  /** The relay and its encoders begin as well: what publishes waits for something to publish. */
  awaitingRelay: state({
    always: [rests, { guard: not("awaitsRelay"), target: "choosing" }],
    after: { relayStarts: "choosing" },
  }),
  claiming: state({
    entry: "claim",
    on: {
      "key.granted": {
        target: "takingOver",
        actions: [
          change<Of<"key.granted">>(({ context, event }) =>
            start.granted(context, event.keyGeneration),
          ),
          tells(tell.takingOver),
          "tellIncident",
        ],
      },
      "key.refused": {
        target: "refused",
        actions: assign({ because: ({ event }) => event.because, target: null }),
      },
    },
  }),
  refused: state({ after: { afterRefusal: "choosing" } }),

  /** Off air and nobody may start now: the first that can is taken, without asking. */
  waitingForEncoder: state({
    initial: "quietly",
    always: [
      rests,
      { guard: "holderPublishesAgain", target: "adopting" },
      { guard: "someoneCanStart", target: "choosing" },
    ],
    after: { nextTry: "choosing" },
    states: {
      quietly: { after: { pageAfter: "paged" } },
      paged: {
        entry: [
          assign({ because: ({ context }) => nobodyBecause(context) }),
          "callForHelp",
          { type: "giveUpCommand", params: "no_encoder_ready" },
          "tellIncident",
        ],
      },
    },
    on: {
      failover: {
        target: "choosing",
        actions: change<Of<"failover">>(({ event }) => ({
          command: event.command,
          tries: [],
          wanted: event.to ?? null,
        })),
      },
      release: {
        target: "choosing",
        actions: [
          change<Of<"release">>(({ event }) => ({
            tries: [],
            switches: [],
            latch: noLatch,
            command: event.command,
          })),
          "finishCommand",
        ],
      },
    },
  }),

  takingOver: state({
    always: [
      {
        guard: "failedEarly",
        target: "startFailed",
      },
    ],
    initial: "starting",
    after: {
      grace: { target: "startFailed", actions: assign({ because: "no picture in time" }) },
    },
    states: {
      starting: {
        invoke: {
          src: "startOutput",
          input: ({ context }) => startOrder(context),
          onDone: {
            target: "confirming",
            actions: change(({ context }) => start.started(context)),
          },
          onError: [
            {
              guard: { type: "isStale", params: errorOf },
              target: "#stream.carrier.claiming",
              actions: change((args) => start.sawGeneration(args.context, errorOf(args))),
            },
            {
              target: "#stream.carrier.startFailed",
              actions: assign({ because: failureOf }),
            },
          ],
        },
      },
      confirming: {
        always: {
          guard: "isConfirmed",
          target: "#stream.carrier.carried",
          actions: [
            "tellGoodStart",
            "tellTaken",
            change(({ context }) => start.took(context)),
            tells(tell.onAir),
            "tellIncident",
            "finishCommand",
          ],
        },
        after: { restartShows: { guard: "failedEarly", target: "#stream.carrier.startFailed" } },
      },
    },
  }),
  startFailed: state({
    entry: "tellRefused",
    always: [
      { guard: "mayBeAGhost", target: "ghostWaiting" },
      {
        target: "checking",
        actions: [
          "tellFailedStarts",
          change(({ context }) => start.startFailed(context, whyNotStarted(context))),
          tells(tell.startFailed),
          "tellIncident",
        ],
      },
    ],
  }),
  /** The certificate is valid, but the far end still keeps the old session: ask again. */
  ghostWaiting: state({
    entry: change(({ context }) => start.ghost(context)),
    after: {
      ghostBackOff: [
        { guard: "farEndMayBeFree", target: "takingOver" },
        {
          target: "startFailed",
          actions: assign({ because: "the far end is not free yet" }),
        },
      ],
    },
  }),
};
