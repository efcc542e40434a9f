import { and, assign, enqueueActions, not, raise } from "xstate";
import { changed, newStreamContext, understudyOf, verdict } from "./stream.context.ts";
import * as tellEvent from "./schedule.decisions.ts";
import { noLatch } from "./latch.ts";
import * as onDuty from "./schedule.moves.ts";
import * as tell from "./stream.decisions.ts";
import { eventRegion, windowEndRegion } from "./stream.event-region.ts";
import * as moves from "./stream.moves.ts";
import * as fence from "./stream.fence-moves.ts";
import * as start from "./stream.start-moves.ts";
import {
  fenceOrder,
  nobodyBecause,
  publishing,
  relieverOf,
  startOrder,
  whyNotStarted,
} from "./stream.questions.ts";
import { movesRegion, returnsRegion } from "./stream.latch-region.ts";
import { streamSetup } from "./stream.setup.ts";
import { understudyAlarm } from "./understudy-alarm.ts";
import {
  backByItself,
  change,
  errorOf,
  evidenceOf,
  failureOf,
  fenceAgain,
  memoryIsDoubted,
  type Of,
  personActs,
  releaseLatch,
  rests,
  takesAsFound,
  tells,
  wasIn,
} from "./stream.steps.ts";
import { stepped } from "../stepping/stepped.ts";

const kickedTooOften = "somebody else keeps publishing on this key: two kicks in 10 minutes";

/**
 * One programme on one stream key: is it on air, who carries it, who would be next?
 * This is the direct path: the encoder holds the key at the far end, so nobody takes over before
 * the last holder is proven off it.
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
            ...(event.facts.encoder === context.carrier?.encoder &&
              changed(context, { confirmedAt: null })),
            facts: { ...context.facts, [event.facts.encoder]: event.facts },
            heldBy: { ...context.heldBy, [event.facts.encoder]: event.heldBy },
          })),
        },
        "farEnd.facts": { actions: assign(({ event }) => ({ farEnd: event.facts })) },
        assigned: {
          actions: assign(({ context, event }) => ({
            plan: { ...context.plan, encoders: event.encoders },
          })),
        },
        content: { actions: { type: "keepLook", params: ({ event }) => event } },
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
            change(() => ({ offAirSince: null, eventEnds: null })),
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

    carrier: {
      initial: "resuming",
      on: {
        publishesBenched: { actions: "callRogue" },
        ownershipUnknown: {
          guard: "isWantedNow",
          target: ".looking",
          actions: change(() => ({ carrier: null, target: null, suspects: [], goal: "start" })),
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
      states: {
        /** Where the last run left off. What was under way is asked for again: it is absolute. */
        resuming: {
          always: [
            wasIn(["carried", "suspect"], "carried"),
            wasIn(["takingOver", "ghostWaiting"], "takingOver"),
            wasIn(
              ["checking", "fencing", "waitingForFence", "needsHuman", "lookingWhoCame"],
              "checking",
            ),
            wasIn(
              ["choosing", "awaitingFirst", "claiming", "refused", "waitingForEncoder"],
              "waitingForEncoder",
            ),
            wasIn(["looking", "adopting", "settling"], "looking"),
            wasIn(["stopped"], "stopped"),
            wasIn(["offDuty"], "offDuty"),
            { guard: "isWanted", target: "looking" },
            { target: "stopped" },
          ],
        },

        stopped: {
          entry: "tellStopped",
          on: {
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
        },

        /**
         * Not on air, and nobody misses it: before its window, after it, or within it until
         * somebody starts it. Whoever is started by hand carries it.
         */
        offDuty: {
          always: [
            { guard: "wasStartedByHand", target: "adopting" },
            { guard: and(["isAlwaysExpected", "isWanted"]), target: "looking" },
            { guard: "isAlwaysExpected", target: "settling" },
          ],
          on: {
            publishesBenched: {},
            windowEnded: {},
            windowBegan: { guard: "startsAtBegin", target: "looking" },
            start: {
              target: "looking",
              actions: change<Of<"start">>(({ event }) => ({ command: event.command })),
            },
            failover: {
              target: "looking",
              actions: change<Of<"failover">>(({ event }) => ({
                command: event.command,
                wanted: event.to ?? null,
              })),
            },
          },
        },

        /** Nothing is started before it is known who publishes. */
        looking: {
          // It is about to be adopted.
          on: { publishesBenched: {} },
          always: [
            { guard: "isCarriedAlready", target: "adopting" },
            { guard: "everybodyWasSeen", target: "settling" },
          ],
          after: { lookAround: "settling" },
        },
        adopting: {
          entry: [assign({ target: ({ context }) => publishing(context) ?? null }), "adopt"],
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
        },
        settling: {
          always: [
            rests,
            {
              target: "checking",
              actions: change(({ context }) => moves.suspectAll(context)),
            },
          ],
        },

        carried: {
          always: [
            { guard: "isOff", target: "leaving" },
            { guard: "isDoubtful", target: "suspect" },
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
              guard: "primaryIsReady",
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
        },

        /** Something speaks against the carrier. A short silence alone changes nothing. */
        suspect: {
          entry: [change(({ context }) => moves.becameSuspect(context)), tells(tell.suspected)],
          initial: "watching",
          always: [
            { guard: "isOff", target: "leaving" },
            {
              guard: "isGood",
              target: "carried",
              actions: [tells(tell.cleared), change(({ context }) => moves.becameGood(context))],
            },
          ],
          states: {
            watching: {
              always: [
                { guard: "looksOff", target: "counting" },
                { guard: "showsWrongContent", target: "countingContent" },
              ],
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
        },

        leaving: {
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
        },

        /** One suspect after another has to be proven off the key. */
        checking: {
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
        },
        fencing: {
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
        },

        /** No proof yet. Nobody else may start; the proof is looked for again and again. */
        waitingForFence: {
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
        },

        /** As before, and a person was called. A later proof still leads to the takeover. */
        needsHuman: {
          entry: [
            tells(tell.needsHuman),
            { type: "giveUpCommand", params: "fence_unproven" },
            "tellIncident",
          ],
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
        },

        proven: {
          entry: [
            change(({ context }) => fence.proven(context, context.memory.unproven)),
            tells(tell.fenced),
          ],
          always: [
            { guard: "isToStop", target: "releasing" },
            { guard: "mayBeKicked", target: "lookingWhoCame" },
            { target: "choosing" },
          ],
        },
        /** Where the last publisher wins: was it taken from us, or did it end by itself? */
        lookingWhoCame: {
          always: [
            {
              guard: "strangerCame",
              target: "kicked",
              actions: change(({ context }) => moves.wasKicked(context)),
            },
            { guard: not("mayBeKicked"), target: "choosing" },
          ],
          after: { whoCame: "choosing" },
        },
        kicked: {
          always: [
            {
              guard: "isLatchedByKicks",
              target: "needsHuman",
              actions: assign({ because: kickedTooOften }),
            },
            { target: "choosing" },
          ],
        },
        releasing: {
          always: {
            target: "stopped",
            actions: [
              "releaseKey",
              change(({ context }) => start.stopped(context)),
              tells(tell.stopped),
              "finishCommand",
            ],
          },
        },

        choosing: {
          always: [
            rests,
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
        },
        /** A host that stood still while it started has not read again who comes first. */
        awaitingFirst: {
          always: [rests, { guard: not("firstIsUnread"), target: "choosing" }],
          after: { readAgain: "choosing" },
        },
        claiming: {
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
        },
        refused: { after: { afterRefusal: "choosing" } },

        /** Off air and nobody may start now: the first that can is taken, without asking. */
        waitingForEncoder: {
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
                tells(tell.needsHuman),
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
        },

        takingOver: {
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
                  change(({ context }) => start.took(context)),
                  tells(tell.onAir),
                  "tellIncident",
                  "finishCommand",
                ],
              },
            },
          },
        },
        startFailed: {
          always: [
            { guard: "mayBeAGhost", target: "ghostWaiting" },
            {
              target: "checking",
              actions: [
                change(({ context }) => start.startFailed(context, whyNotStarted(context))),
                tells(tell.startFailed),
                "tellIncident",
              ],
            },
          ],
        },
        /** The certificate is valid, but the far end still keeps the old session: ask again. */
        ghostWaiting: {
          entry: change(({ context }) => start.ghost(context)),
          after: { ghostBackOff: "takingOver" },
        },
      },
    },
  },
});
stepped(streamMachine);
