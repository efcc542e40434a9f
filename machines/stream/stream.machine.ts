import { assign, not, raise } from "xstate";
import { stepped } from "../stepping/stepped.ts";
import { carrierRegion } from "./carrier/region.ts";
import * as tellEvent from "./schedule.decisions.ts";
import * as onDuty from "./schedule.moves.ts";
import { changed, newStreamContext } from "./stream.context.ts";
import * as tell from "./stream.decisions.ts";
import { drillRegion } from "./drill/drill.region.ts";
import { eventRegion, windowEndRegion } from "./stream.event-region.ts";
import { eventEndRegion } from "./stream.event-end-region.ts";
import { movesRegion, returnsRegion } from "./stream.latch-region.ts";
import { noticed } from "./relay/relay.moves.ts";
import { relayRegion } from "./relay/relay.region.ts";
import { spareAlarm, spareRegion } from "./relay/spare.region.ts";
import * as moves from "./stream.moves.ts";
import * as start from "./stream.start-moves.ts";
import { streamSetup } from "./stream.setup.ts";
import { heardAlarms } from "./stream.changes.ts";
import { change, type Of } from "./stream.steps.ts";
import { carryAlarm } from "./carry-alarm.ts";
import { programmeAlarm } from "./programme-alarm.ts";
import { understudyAlarm } from "./understudy-alarm.ts";

/**
 * One programme on one stream key: is it on air, who carries it, who would be next?
 * On path direct the encoder holds the key at the far end, so nobody takes over before the last
 * holder is proven off it. On path relayed only what publishes for the relay ever holds it, and who
 * carries is the relay's word.
 */
export const streamMachine = streamSetup.createMachine({
  id: "stream",
  context: ({ input }) => newStreamContext(input),
  type: "parallel",
  states: {
    /** Remembers what the world looks like; decides nothing. First, so that the rest sees it. */
    memory: {
      on: {
        "encoder.facts": {
          actions: assign(({ context, event }) => ({
            ...changed(context, {
              ...(context.plan.relay && noticed(context, event.facts)),
              ...heardAlarms(context, event.facts),
              ...(event.facts.encoder === context.carrier?.encoder && { confirmedAt: null }),
            }),
            facts: { ...context.facts, [event.facts.encoder]: event.facts },
            heldBy: { ...context.heldBy, [event.facts.encoder]: event.heldBy },
          })),
        },
        "farEnd.facts": { actions: assign(({ event }) => ({ farEnd: event.facts })) },
        assigned: {
          actions: assign(({ context: { plan }, event: { encoders, startWith } }) => {
            const { startWith: _, ...rest } = plan;
            return { plan: { ...rest, encoders, ...(startWith && { startWith }) } };
          }),
        },
        wasBooted: {
          actions: change<Of<"wasBooted">>(({ context, event }) =>
            start.forgotTries(context, event.encoder),
          ),
        },
        heldCold: { actions: assign(({ event }) => ({ heldCold: event.held })) },
        "relay.measured": {
          actions: { type: "keepMeasures", params: ({ event }) => event.inputs },
        },
        content: { actions: { type: "keepLook", params: ({ event }) => event } },
        quality: { actions: { type: "keepLook", params: ({ event }) => event } },
        compared: { actions: { type: "keepLook", params: ({ event }) => event } },
        schedule: {
          actions: change<Of<"schedule">>(({ context, event }) =>
            onDuty.scheduled(context, event.windows),
          ),
        },
        recordingGap: {
          actions: [{ type: "noteGap", params: ({ event }) => event.gap }, "tellIncident"],
        },
        lineUp: { actions: { type: "noteLineUp", params: ({ event }) => event.lineUp } },
        addWindow: {
          actions: [
            change<Of<"addWindow">>(({ context, event }) => onDuty.withRule(context, event.rule)),
            {
              type: "tell",
              params: ({ context, event: { rule, command } }) =>
                tellEvent.windowAdded(context, rule, command.by),
            },
            {
              type: "tell",
              params: ({ context, event: { rule, command } }) =>
                tellEvent.done(context, command, `the window ${rule.id} is planned`),
            },
          ],
        },
        removeWindow: {
          guard: { type: "hasRule", params: ({ event }) => event.rule },
          actions: [
            change<Of<"removeWindow">>(({ context, event }) =>
              onDuty.withoutRule(context, event.rule),
            ),
            {
              type: "tell",
              params: ({ context, event: { rule, command } }) =>
                tellEvent.windowRemoved(context, rule, command.by),
            },
            {
              type: "tell",
              params: ({ context, event: { rule, command } }) =>
                tellEvent.done(context, command, `the window ${rule} is taken back`),
            },
          ],
        },
      },
    },

    /** Before, within or outside its on-air windows. */
    event: eventRegion,
    windowEnd: windowEndRegion,
    eventEnd: eventEndRegion,

    carriage: {
      initial: "notKnown",
      states: {
        notKnown: {
          always: [
            { guard: "seenOnAir", target: "onAir" },
            { guard: "seenOffAir", target: "offAir" },
          ],
        },
        onAir: {
          entry: [
            { type: "tell", params: ({ context }) => tell.carriage(context) },
            change(() => ({ offAirSince: null })),
          ],
          always: [
            { guard: "seenOffAir", target: "offAir" },
            { guard: "cannotBeSeen", target: "notKnown" },
          ],
        },
        offAir: {
          entry: [
            { type: "tell", params: ({ context }) => tell.carriage(context) },
            { type: "change", params: ({ context }) => moves.wentOffAir(context) },
          ],
          always: [
            { guard: "seenOnAir", target: "onAir" },
            { guard: "cannotBeSeen", target: "notKnown" },
          ],
        },
      },
    },

    understudy: {
      initial: "none",
      states: {
        none: {
          always: [
            { guard: "hasUnderstudy", target: "ready" },
            { guard: "mayWarmUp", target: "warming" },
          ],
        },
        warming: {
          always: [
            { guard: "hasUnderstudy", target: "ready" },
            { guard: not("mayWarmUp"), target: "none" },
          ],
        },
        ready: { always: { guard: not("hasUnderstudy"), target: "none" } },
      },
    },

    understudyAlarm,
    programmeAlarm,
    carryAlarm,

    /** Automatic return, only where the configuration asks for it. */
    failback: {
      initial: "off",
      states: {
        off: { always: { guard: "failsBackByItself", target: "counting" } },
        counting: {
          always: { guard: not("failsBackByItself"), target: "off" },
          after: { failback: { target: "off", actions: raise({ type: "failbackDue" }) } },
        },
      },
    },

    moves: movesRegion,
    returns: returnsRegion,

    relay: relayRegion,
    spare: spareRegion,
    spareAlarm,

    drill: drillRegion,

    carrier: carrierRegion,
  },
});
stepped(streamMachine);
