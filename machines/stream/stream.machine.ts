import { and, assign, enqueueActions, not, raise, sendParent, setup } from "xstate";
import { decided, type Decided, type Decision } from "../decision.ts";
import { effect, type EffectError } from "../effect.ts";
import { startsNothingByItself } from "../encoder/facts.ts";
import type { Intents } from "../intents.ts";
import { elapsedMs, leftMs, type Stamp } from "../time.ts";
import type { FenceEvidence } from "./fence-proof.ts";
import {
  budgetLeft,
  hinders,
  lastGood,
  newStreamContext,
  nextCarrier,
  outputOf,
  quietCertificate,
  seenOffAir,
  seenOnAir,
  type StreamContext,
  type StreamInput,
  understudyOf,
  verdict,
} from "./stream.context.ts";
import * as tell from "./stream.decisions.ts";
import type { StreamEvent, StreamToSite } from "./stream.events.ts";
import * as moves from "./stream.moves.ts";

/** Before the first start: so long for every box and the far end to be seen once. */
const lookAroundMs = 5_000;
/** A fence that is not proven yet is tried again so often; after a person was called, less often. */
const retryFenceMs = { waiting: 2_000, calledForHelp: 10_000 };
const seconds = (n: number) => n * 1_000;

const evidenceOf = ({ event }: { event: unknown }): FenceEvidence[] =>
  (event as { output: Intents["fence"]["answer"] }).output.evidence;
const failureOf = ({ event }: { event: unknown }): string => {
  const { code, message } = (event as { error: EffectError }).error;
  return `${message} (${code})`;
};
const commandOf = ({ event }: { event: StreamEvent }) =>
  "command" in event ? event.command : null;

/**
 * One programme on one stream key: is it on air, who carries it, who would be next?
 * This is the direct path: the encoder holds the key at the far end, so nobody takes over before
 * the last holder is proven off it.
 */
export const streamMachine = setup({
  types: {} as {
    context: StreamContext;
    input: StreamInput;
    events: StreamEvent;
    emitted: Decided;
  },
  actors: { startOutput: effect("startOutput"), fence: effect("fence") },
  guards: {
    wasIn: ({ context: _ }, p: { was: string | undefined; in: readonly string[] }) =>
      p.was !== undefined && p.in.includes(p.was),
    seenOnAir: ({ context }) => seenOnAir(context),
    seenOffAir: ({ context }) => seenOffAir(context),
    cannotBeSeen: ({ context }) => !seenOnAir(context) && !seenOffAir(context),
    hasUnderstudy: ({ context }) => understudyOf(context) !== null,
    mayWarmUp: ({ context }) =>
      context.plan.encoders.some(
        ({ encoder }) =>
          encoder !== context.carrier?.encoder &&
          (context.facts[encoder] === undefined ||
            ["unknown", "silent"].includes(context.facts[encoder].link) ||
            context.facts[encoder].service === "rebooting"),
      ),
    isWanted: ({ context }) => context.plan.autoStart,
    isWantedNow: ({ context }) => context.goal !== "stop",
    isCarriedAlready: ({ context }) => publishing(context) !== undefined,
    everybodyWasSeen: ({ context }) =>
      context.plan.encoders.every(
        ({ encoder }) => (context.facts[encoder]?.link ?? "unknown") !== "unknown",
      ) &&
      (context.farEnd.word !== "unknown" || !context.destination.observed),
    isOff: ({ context }) => verdict(context).word === "off",
    isGood: ({ context }) => verdict(context).word === "good",
    isDoubtful: ({ context }) => ["suspect", "network", "content"].includes(verdict(context).word),
    looksOff: ({ context }) => verdict(context).word === "suspect" && verdict(context).commits,
    showsWrongContent: ({ context }) =>
      verdict(context).word === "content" && hasSameProgramme(context) && budgetLeft(context) > 0,
    wasKickedTwice: ({ context }) =>
      context.destination.takeover === "lastWins" &&
      verdict(context).cause === "otherPublisher" &&
      context.kicks.filter((at) => elapsedMs(at, context.now()) < seconds(600)).length >= 1,
    wasKicked: ({ context }) => verdict(context).cause === "otherPublisher",
    nobodyIsSuspect: ({ context }) => context.suspects.length === 0,
    quietProves: ({ context }) =>
      context.suspects[0] !== undefined && quietCertificate(context, context.suspects[0]) !== null,
    suspectBelongsToAnother: ({ context }) => {
      const ref = context.suspects[0];
      const holder = ref && context.heldBy[ref.encoder]?.[ref.output];
      return holder !== undefined && holder !== context.plan.id;
    },
    proves: ({ context }, evidence: FenceEvidence[]) => moves.proves(context, evidence),
    loserCannotRetry: ({ context }) =>
      context.destination.takeover === "lastWins" &&
      context.goal !== "stop" &&
      context.suspects.every((ref) =>
        startsNothingByItself(context.facts[ref.encoder]?.selfStart ?? null),
      ),
    mayGoUnproven: ({ context }) => context.plan.allowUnproven && fenceOverdue(context),
    isFenceOverdue: ({ context }) => fenceOverdue(context),
    isToStop: ({ context }) => context.goal === "stop",
    isBackByItself: ({ context }) =>
      context.goal !== "stop" &&
      context.carrier !== null &&
      verdict(context).word === "good" &&
      seenOnAir(context),
    wasOnlyAMove: ({ context }) => context.incident?.planned === true && seenOnAir(context),
    someoneCanStart: ({ context }) =>
      typeof nextCarrier(context) === "object" &&
      "ref" in (nextCarrier(context) as object) &&
      (context.destination.takeover !== "firstWins" || context.farEnd.word === "quiet"),
    isConfirmed: ({ context }) => isConfirmed(context),
    failedEarly: ({ context }) => {
      const output = outputOf(context, context.target);
      return output.exit !== undefined || output.state === "failing";
    },
    mayBeAGhost: ({ context }) =>
      context.certifiedAt !== null &&
      elapsedMs(context.certifiedAt, context.now()) < context.destination.ghostSessionMs &&
      (context.farEnd.word === "publishing" || context.farEnd.word === "refusing"),
    canMove: ({ context }, to: string | undefined) =>
      context.plan.encoders.some(
        (ref) =>
          ref.encoder !== context.carrier?.encoder &&
          (to === undefined || ref.encoder === to) &&
          hinders(context, ref) === undefined,
      ),
    primaryIsReady: ({ context }) => primaryIsReady(context),
    failsBackByItself: ({ context }) =>
      context.plan.failbackMs !== "manual" && primaryIsReady(context) && budgetLeft(context) > 0,
    isVouchedFor: (_, unproven: boolean | undefined) => unproven === true,
    hasCommand: ({ context }) => context.command !== null,
  },
  actions: {
    change: assign((_, change: moves.Change) => change),
    tell: enqueueActions(({ enqueue }, decision: Decision | null) => {
      if (decision) enqueue.emit(decided(decision));
    }),
    tellIncident: enqueueActions(({ context, enqueue }) => {
      const decision = tell.incident(context);
      if (decision) enqueue.emit(decided(decision));
    }),
    finishCommand: enqueueActions(({ context, enqueue }) => {
      const done = tell.commandDone(context);
      if (done) enqueue.emit(decided(done));
      enqueue.assign({ command: null });
    }),
    giveUpCommand: enqueueActions(({ context, enqueue }, code: string) => {
      const refused = tell.commandRefused(context, code);
      if (refused) enqueue.emit(decided(refused));
      enqueue.assign({ command: null });
    }),
    claim: sendParent(({ context }): StreamToSite => {
      const ref = context.target!;
      return {
        type: "claim",
        stream: context.plan.id,
        destination: context.destination.id,
        ...ref,
        because: context.unproven
          ? context.unproven.kind === "lastWins"
            ? { kind: "lastWins", evidence: context.unproven.by }
            : { kind: "allowUnproven", by: context.unproven.by }
          : context.certificates.length > 0
            ? { kind: "fenced", certificates: context.certificates }
            : { kind: "nobodyHeldIt" },
      };
    }),
    adopt: sendParent(({ context }): StreamToSite => {
      const ref = publishing(context)!;
      return {
        type: "adopt",
        stream: context.plan.id,
        destination: context.destination.id,
        ...ref,
        keyGeneration: outputOf(context, ref).keyGeneration,
      };
    }),
    releaseKey: sendParent(({ context }): StreamToSite => ({
      type: "releaseKey",
      stream: context.plan.id,
      destination: context.destination.id,
    })),
  },
  delays: {
    lookAround: lookAroundMs,
    freezeLeft: ({ context }) =>
      Math.max(0, context.plan.directFreezeMs - elapsedMs(freezeBegan(context), context.now())),
    contentFault: ({ context }) => context.plan.contentFaultMs,
    fenceTimeout: ({ context }) => context.plan.fenceTimeoutMs,
    fenceTimeLeft: ({ context }) =>
      Math.max(
        0,
        context.plan.fenceTimeoutMs -
          elapsedMs(context.fencingSince ?? context.now(), context.now()),
      ),
    retryFence: retryFenceMs.waiting,
    retryFenceSlowly: retryFenceMs.calledForHelp,
    grace: ({ context }) => context.graceMs[context.target?.encoder ?? ""] ?? seconds(10),
    ghostBackOff: ({ context }) => ghostBackOffMs(context),
    nextTry: ({ context }) => {
      const choice = nextCarrier(context);
      return typeof choice === "object" && "inMs" in choice ? choice.inMs : seconds(60);
    },
    pageAfter: seconds(3),
    afterRefusal: seconds(5),
    eventEnds: ({ context }) => leftMs(context.eventEnds ?? undefined, context.now()),
    failback: ({ context }) =>
      context.plan.failbackMs === "manual" ? seconds(3600) : context.plan.failbackMs,
  },
}).createMachine({
  id: "stream",
  context: ({ input }) => newStreamContext(input),
  type: "parallel",
  states: {
    /** Remembers what the world looks like; decides nothing. First, so that the rest sees it. */
    memory: {
      on: {
        "encoder.facts": {
          actions: assign(({ context, event }) => ({
            facts: { ...context.facts, [event.facts.encoder]: event.facts },
            heldBy: { ...context.heldBy, [event.facts.encoder]: event.heldBy },
          })),
        },
        "farEnd.facts": { actions: assign(({ event }) => ({ farEnd: event.facts })) },
      },
    },

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
            assign({ offAirSince: null, eventEnds: null }),
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

    carrier: {
      initial: "resuming",
      on: {
        ownershipUnknown: {
          guard: "isWantedNow",
          target: ".looking",
          actions: assign({ carrier: null, target: null, suspects: [], goal: "start" }),
        },
        stop: {
          target: ".checking",
          actions: {
            type: "change",
            params: ({ context, event }) => moves.decidedToStop(context, event.command),
          },
        },
      },
      states: {
        /** Where the last run left off. What was under way is asked for again: it is absolute. */
        resuming: {
          always: [
            wasIn(["carried", "suspect"], "carried"),
            wasIn(["takingOver", "ghostWaiting"], "takingOver"),
            wasIn(["checking", "fencing", "waitingForFence", "needsHuman"], "checking"),
            wasIn(["choosing", "claiming", "waitingForEncoder"], "waitingForEncoder"),
            wasIn(["stopped"], "stopped"),
            { guard: "isWanted", target: "looking" },
            { target: "stopped" },
          ],
        },

        stopped: {
          on: {
            stop: {
              actions: [assign({ command: commandOf }), "finishCommand"],
            },
            start: { target: "looking", actions: assign({ command: commandOf, goal: "start" }) },
          },
        },

        /** Nothing is started before it is known who publishes. */
        looking: {
          always: [
            { guard: "isCarriedAlready", target: "adopting" },
            { guard: "everybodyWasSeen", target: "settling" },
          ],
          after: { lookAround: "settling" },
        },
        adopting: {
          entry: [assign({ target: ({ context }) => publishing(context) ?? null }), "adopt"],
          on: {
            "key.granted": {
              target: "carried",
              actions: [
                change<Of<"key.granted">>(({ context, event }) =>
                  moves.granted(context, event.keyGeneration),
                ),
                change(({ context }) => moves.took(context)),
                tells(tell.onAir),
                "finishCommand",
              ],
            },
            "key.refused": { target: "settling" },
          },
        },
        settling: {
          always: {
            target: "checking",
            actions: change(({ context }) => moves.suspectAll(context)),
          },
        },

        carried: {
          always: [
            { guard: "isOff", target: "leaving" },
            { guard: "isDoubtful", target: "suspect" },
          ],
          on: {
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
              always: { guard: not("looksOff"), target: "watching" },
              after: { freezeLeft: "#stream.carrier.leaving" },
            },
            countingContent: {
              always: { guard: not("showsWrongContent"), target: "watching" },
              after: { contentFault: "#stream.carrier.leaving" },
            },
          },
          on: {
            failover: {
              guard: { type: "canMove", params: ({ event }) => event.to },
              target: "leaving",
              actions: assign({
                command: commandOf,
                wanted: ({ context, event }) => event.to ?? understudyOf(context)?.encoder ?? null,
              }),
            },
          },
        },

        leaving: {
          always: [
            {
              guard: "wasKickedTwice",
              target: "needsHuman",
              actions: assign({
                because: "somebody else keeps publishing on this key: two kicks in 10 minutes",
              }),
            },
            {
              target: "checking",
              actions: [
                assign({
                  kicks: ({ context }) =>
                    verdict(context).cause === "otherPublisher"
                      ? [...context.kicks.slice(-3), context.now()]
                      : context.kicks,
                }),
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
              actions: assign({ suspects: ({ context }) => context.suspects.slice(1) }),
            },
            {
              guard: "quietProves",
              target: "checking",
              reenter: true,
              actions: change(({ context }) => moves.certifiedByQuiet(context)),
            },
            { target: "fencing" },
          ],
        },
        fencing: {
          always: [
            { guard: "quietProves", target: "checking" },
            { guard: "suspectBelongsToAnother", target: "checking" },
          ],
          invoke: {
            src: "fence",
            input: ({ context }) => fenceOrder(context),
            onDone: [
              {
                guard: { type: "proves", params: evidenceOf },
                target: "checking",
                actions: change((args) => moves.certifiedBy(args.context, evidenceOf(args))),
              },
              {
                guard: "loserCannotRetry",
                target: "proven",
                actions: assign({
                  unproven: { kind: "lastWins", by: "the loser starts nothing by itself" },
                }),
              },
              {
                target: "waitingForFence",
                actions: change((args) => moves.unprovenBecause(args.context, evidenceOf(args))),
              },
            ],
            onError: {
              target: "waitingForFence",
              actions: change(({ context }) => moves.unprovenBecause(context, [])),
            },
          },
          after: { fenceTimeout: "waitingForFence" },
        },

        /** No proof yet. Nobody else may start; the proof is looked for again and again. */
        waitingForFence: {
          entry: [tells(tell.fenceUnproven), "tellIncident"],
          initial: "resting",
          always: [
            { guard: "quietProves", target: "checking" },
            { guard: "suspectBelongsToAnother", target: "checking" },
            {
              guard: "mayGoUnproven",
              target: "proven",
              actions: assign({
                unproven: { kind: "allowUnproven", by: "configuration" },
              }),
            },
            backByItself(),
          ],
          after: {
            fenceTimeLeft: [
              {
                guard: "mayGoUnproven",
                target: "proven",
                actions: assign({
                  unproven: { kind: "allowUnproven", by: "configuration" },
                }),
              },
              { target: "needsHuman" },
            ],
          },
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
            { guard: and([not("nobodyIsSuspect"), "quietProves"]), target: "checking" },
            { guard: "suspectBelongsToAnother", target: "checking" },
            backByItself(),
          ],
          states: fenceAgain("retryFenceSlowly"),
          on: personActs(),
        },

        proven: {
          entry: [
            change(({ context }) => moves.proven(context, context.unproven)),
            tells(tell.fenced),
          ],
          always: [{ guard: "isToStop", target: "releasing" }, { target: "choosing" }],
        },
        releasing: {
          always: {
            target: "stopped",
            actions: [
              "releaseKey",
              change(({ context }) => moves.stopped(context)),
              tells(tell.stopped),
              "finishCommand",
            ],
          },
        },

        choosing: {
          always: [
            {
              guard: "someoneCanStart",
              target: "claiming",
              actions: change(({ context }) => moves.chose(context)),
            },
            { target: "waitingForEncoder" },
          ],
        },
        claiming: {
          entry: "claim",
          on: {
            "key.granted": {
              target: "takingOver",
              actions: [
                change<Of<"key.granted">>(({ context, event }) =>
                  moves.granted(context, event.keyGeneration),
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
          always: { guard: "someoneCanStart", target: "choosing" },
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
              actions: assign({
                command: commandOf,
                tries: [],
                wanted: ({ event }) => event.to ?? null,
              }),
            },
            release: {
              target: "choosing",
              actions: [assign({ tries: [], command: commandOf }), "finishCommand"],
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
                  actions: change(({ context }) => moves.started(context)),
                },
                onError: {
                  target: "#stream.carrier.startFailed",
                  actions: assign({ because: failureOf }),
                },
              },
            },
            confirming: {
              always: {
                guard: "isConfirmed",
                target: "#stream.carrier.carried",
                actions: [
                  change(({ context }) => moves.took(context)),
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
                change(({ context }) => moves.startFailed(context, whyNotStarted(context))),
                tells(tell.startFailed),
                "tellIncident",
              ],
            },
          ],
        },
        /** The certificate is valid, but the far end still keeps the old session: ask again. */
        ghostWaiting: {
          entry: change(({ context }) => moves.ghost(context)),
          after: { ghostBackOff: "takingOver" },
        },
      },
    },
  },
});

type Of<T extends StreamEvent["type"]> = Extract<StreamEvent, { type: T }>;
type Args<E> = { context: StreamContext; event: E };

function wasIn<const T extends string>(words: readonly string[], target: T) {
  const params = ({ context }: Args<unknown>) => ({ was: context.was, in: words });
  return { guard: { type: "wasIn", params }, target } as const;
}

/** An action that changes what the stream remembers (see stream.moves.ts). */
function change<E = unknown>(of: (args: Args<E>) => moves.Change) {
  return { type: "change", params: of } as const;
}

/** An action that tells the journal (see stream.decisions.ts). */
function tells(of: (context: StreamContext) => Decision | null) {
  return { type: "tell", params: ({ context }: Args<unknown>) => of(context) } as const;
}

/** The carrier is seen on air again before anything was taken from it. */
function backByItself() {
  return {
    guard: "isBackByItself",
    target: "#stream.carrier.carried",
    actions: [change(({ context }) => moves.recovered(context)), tells(tell.onAir), "tellIncident"],
  } as const;
}

/** Look for the proof again, after a pause, for as long as it takes. */
function fenceAgain<const D extends string>(pause: D) {
  return {
    resting: { after: { [pause]: "trying" } as Record<D, "trying"> },
    trying: {
      invoke: {
        src: "fence",
        input: ({ context }: Args<unknown>) => fenceOrder(context),
        onDone: [
          {
            guard: { type: "proves", params: evidenceOf },
            target: "#stream.carrier.checking",
            actions: change((args) => moves.certifiedBy(args.context, evidenceOf(args))),
          },
          {
            target: "resting",
            actions: change((args) => moves.unprovenBecause(args.context, evidenceOf(args))),
          },
        ],
        onError: { target: "resting" },
      },
    },
  } as const;
}

/** What a person may do while there is no proof. */
function personActs() {
  return {
    failover: {
      guard: { type: "isVouchedFor", params: ({ event }: Args<Of<"failover">>) => event.unproven },
      target: "proven",
      actions: change<Of<"failover">>(({ event }) => ({
        command: event.command,
        wanted: event.to ?? null,
        unproven: { kind: "allowUnproven", by: event.command.by },
      })),
    },
    abort: {
      guard: "wasOnlyAMove",
      target: "carried",
      actions: [
        change<Of<"abort">>(({ context, event }) => ({
          ...moves.recovered(context),
          command: event.command,
        })),
        "finishCommand",
        "tellIncident",
      ],
    },
    release: {
      target: "checking",
      actions: [
        change<Of<"release">>(({ context, event }) => ({
          command: event.command,
          because: `released by ${event.command.by}`,
          tries: [],
          switches: [],
          kicks: [],
          fencingSince: context.now(),
        })),
        "finishCommand",
      ],
    },
  } as const;
}

function fenceOrder(context: StreamContext): Intents["fence"]["asks"] {
  const ref = context.suspects[0];
  if (!ref) throw new Error("nobody to fence");
  return { ...ref, stream: context.plan.id, destination: context.destination.id };
}

function startOrder(context: StreamContext): Intents["startOutput"]["asks"] {
  if (!context.target) throw new Error("nobody to start");
  return {
    ...context.target,
    stream: context.plan.id,
    destination: context.destination.id,
    keyGeneration: context.keyGeneration,
  };
}

/** One of our encoders publishes on this key already. */
function publishing(context: StreamContext) {
  return context.plan.encoders.find((ref) => {
    const { state, target } = outputOf(context, ref);
    return state === "streaming" && target === context.destination.id;
  });
}

/**
 * The new carrier is seen at the far end; where nobody looks, its own word has to do. A picture
 * that moved before the start does not count.
 */
function isConfirmed(context: StreamContext): boolean {
  const { startedAt, farEnd } = context;
  const output = outputOf(context, context.target);
  if (startedAt === null || output.exit) return false;
  if (farEnd.word !== "unknown") {
    return seenOnAir(context) && farEnd.movedAt !== null && !isBefore(farEnd.movedAt, startedAt);
  }
  return (
    output.state === "streaming" &&
    output.progress !== "frozen" &&
    (output.keyGeneration === undefined || output.keyGeneration === context.keyGeneration)
  );
}

const isBefore = (a: Stamp, b: Stamp) =>
  a.bootId === b.bootId ? a.monoMs < b.monoMs : a.wallMs < b.wallMs;

function fenceOverdue({ fencingSince, now, plan }: StreamContext): boolean {
  return fencingSince !== null && elapsedMs(fencingSince, now()) >= plan.fenceTimeoutMs;
}

function primaryIsReady(context: StreamContext): boolean {
  const primary = context.plan.encoders[0];
  return (
    primary !== undefined &&
    primary.encoder !== context.carrier?.encoder &&
    hinders(context, primary) === undefined
  );
}

/** Since when it looks off: by the far end's last movement, else by when it was suspected. */
function freezeBegan(context: StreamContext): Stamp {
  const suspectedAt = context.suspectSince ?? context.now();
  return context.farEnd.word === "unknown" ? suspectedAt : lastGood(context);
}

/** An understudy with a good input that is fed by the same source: the programme, not a slide. */
function hasSameProgramme(context: StreamContext): boolean {
  const source = context.carrier && context.facts[context.carrier.encoder]?.source;
  const understudy = understudyOf(context);
  const facts = understudy && context.facts[understudy.encoder];
  return Boolean(source) && facts?.source === source && facts?.input === "good";
}

/** 1, 2, 4, 8, 8 … s, spread by up to a quarter so that two sites do not knock together. */
function ghostBackOffMs({ ghostTries, plan, keyGeneration }: StreamContext): number {
  const base = seconds(Math.min(8, 2 ** ghostTries));
  const spread = [...`${plan.id}${keyGeneration}${ghostTries}`].reduce(
    (sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1000,
    7,
  );
  return base + (base / 4) * (spread / 1000);
}

function nobodyBecause(context: StreamContext): string {
  if (context.destination.takeover === "firstWins" && context.farEnd.word !== "quiet") {
    return "the far end is not free yet, and the first publisher wins there";
  }
  const reasons = context.plan.encoders.map(
    (ref) =>
      `${ref.encoder} ${hinders(context, ref) ?? "failed a moment ago, is tried again soon"}`,
  );
  return `no encoder can start: ${reasons.join(", ")}`;
}

function whyNotStarted(context: StreamContext): string {
  const { exit, state } = outputOf(context, context.target);
  if (exit) return `its process ended (${exit.signal ?? `code ${exit.code}`})`;
  if (state === "failing") return "it says its stream is failing";
  return context.because;
}
