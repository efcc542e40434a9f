/**
 * The region of a stream that has its relay run, tells it who may carry, and believes it about who
 * does. Of a stream on path direct it is off and stays so.
 */
import { not, raise } from "xstate";
import { streamSetup } from "../stream.setup.ts";
import { type Args, change, errorOf, failureOf, type Of } from "../stream.steps.ts";
import { causeSentence } from "../stream.changes.ts";
import { betterInput } from "./better-input.ts";
import * as moves from "./relay.moves.ts";
import { inputsOf } from "./relay.ts";

const state = streamSetup.createStateConfig;

const order = change(({ context }) => moves.newOrders(context));

/** It died or could not be had: told with the reason when that happens again and again. */
const lost = {
  target: "resting",
  actions: [
    "relayGone",
    { type: "relayFailed", params: ({ event }: Args<Of<"relay.lost">>) => event.because },
  ],
} as const;

const toOrders = { target: "asking", actions: order } as const;

export const relayRegion = state({
  initial: "off",
  on: {
    "relay.report": {
      actions: { type: "believeRelay", params: ({ event }) => event.report },
    },
    // Also of one that was found, and that nobody has asked for yet.
    "relay.lost": { actions: "relayGone" },
  },
  states: {
    off: {
      always: [
        { guard: "isFallenBack", target: "fallenBack" },
        { guard: "wantsRelay", target: "asking", actions: ["feed", "firstOrders"] },
      ],
    },

    /** The stream goes on without it; see fall-back.ts. */
    fallenBack: {
      always: { guard: not("isFallenBack"), target: "off" },
      // It may not have been ended, and nothing reads what it sends.
      on: { "relay.report": {} },
      initial: "carried",
      states: {
        carried: { always: { guard: "isStranded", target: "stranded" } },
        stranded: {
          always: { guard: not("isStranded"), target: "carried" },
          after: { relayAgain: { target: "carried", actions: raise({ type: "relayAgain" }) } },
        },
      },
    },

    /** It is to run, and to go by our orders. Asking again for the same is harmless. */
    asking: {
      always: { guard: not("wantsRelay"), target: "ending" },
      invoke: {
        src: "orderRelay",
        input: ({ context }) => moves.relayOrder(context),
        onDone: [{ guard: "hasWish", target: "moving" }, { target: "following" }],
        onError: [
          {
            guard: { type: "isStaleOrder", params: errorOf },
            target: "asking",
            reenter: true,
            actions: change((args) =>
              moves.newerGeneration(args.context, errorOf(args).highestGeneration ?? 0),
            ),
          },
          { target: "resting", actions: { type: "relayFailed", params: failureOf } },
        ],
      },
      on: { "relay.lost": lost },
    },

    following: {
      always: [
        { guard: not("wantsRelay"), target: "ending" },
        { guard: "hasWish", target: "asking" },
        { guard: "ordersAreOld", ...toOrders },
      ],
      initial: "watching",
      states: {
        watching: { always: { guard: "sendsWrongContent", target: "counting" } },
        counting: {
          always: { guard: not("sendsWrongContent"), target: "watching" },
          after: {
            betterInput: [
              {
                guard: "sendsWrongContent",
                target: "#stream.relay.asking",
                actions: change(({ context }) => {
                  const { to, cause } = betterInput(context)!;
                  const by = `the site, since ${causeSentence(cause)}`;
                  return moves.wished(context, to, { command: null, by, cause });
                }),
              },
              // What was seen has grown too old meanwhile, and nobody has said anything since.
              { target: "watching" },
            ],
          },
        },
      },
      on: {
        "relay.lost": lost,
        failover: {
          guard: { type: "canWish", params: ({ event }) => event.to },
          target: "asking",
          actions: change<Of<"failover">>(({ context, event: { command, to } }) =>
            moves.wished(context, moves.wishFor(context, to)!, {
              ...{ command, by: command.by, cause: "command" },
            }),
          ),
        },
        return: {
          guard: { type: "canWish", params: ({ context }) => inputsOf(context)[0]?.encoder },
          target: "asking",
          actions: change<Of<"return">>(({ context, event: { command } }) =>
            moves.wished(context, inputsOf(context)[0]!.encoder, {
              ...{ command, by: command.by, cause: "return" },
            }),
          ),
        },
        relieve: {
          guard: { type: "canRelieveInput", params: ({ event }) => event.encoder },
          target: "asking",
          actions: change<Of<"relieve">>(({ context, event: { because } }) =>
            moves.wished(context, moves.wishFor(context, undefined)!, {
              command: null,
              by: because === "heat" ? "the heat of its carrier" : "a repair",
              cause: because,
            }),
          ),
        },
      },
    },

    /** Somebody else was asked for; it is so when the relay says so. */
    moving: {
      always: [
        { guard: not("wantsRelay"), target: "ending" },
        { guard: not("hasWish"), target: "following" },
      ],
      after: {
        relayMoves: {
          target: "asking",
          actions: [
            { type: "tell", params: ({ context }) => moves.wishRefused(context) },
            change(({ context }) => moves.wishGivenUp(context)),
          ],
        },
      },
      on: { "relay.lost": lost },
    },

    resting: {
      always: [
        { guard: not("wantsRelay"), target: "ending" },
        {
          guard: "fallsBack",
          target: "ending",
          actions: [
            { type: "tell", params: ({ context }) => moves.wishRefused(context) },
            change(({ context }) => moves.turned(context, false)),
            raise({ type: "fallBack" }),
          ],
        },
      ],
      after: { relayRests: "asking" },
      // An order that failed does not end it: that comes on its own.
      on: { "relay.lost": { actions: lost.actions } },
    },

    /** Nobody publishes any more: it and its encoders are not needed. */
    ending: {
      entry: ["feed", "relayGone"],
      invoke: {
        src: "endRelay",
        input: ({ context }) => ({ stream: context.plan.id }),
        onDone: "off",
        onError: "off",
      },
      on: { "relay.report": {} },
    },
  },
});
