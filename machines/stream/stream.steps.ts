/** Pieces of the stream's chart that stand in more than one of its states. */
import { not } from "xstate";
import type { Decision } from "../decision.ts";
import type { EffectError } from "../effect.ts";
import type { Intents } from "../intents.ts";
import { noLatch } from "./latch.ts";
import type { FenceEvidence } from "./fence-evidence.ts";
import type { Change, StreamContext } from "./stream.context.ts";
import * as tell from "./stream.decisions.ts";
import type { StreamEvent } from "./stream.events.ts";
import * as fence from "./stream.fence-moves.ts";
import * as start from "./stream.start-moves.ts";
import { fenceOrder } from "./stream.questions.ts";

export const evidenceOf = ({ event }: { event: unknown }): FenceEvidence[] =>
  (event as { output: Intents["fence"]["answer"] }).output.evidence;
export const errorOf = ({ event }: { event: unknown }): EffectError =>
  (event as { error: EffectError }).error;
export const failureOf = (args: { event: unknown }): string => {
  const { code, message } = errorOf(args);
  return `${message} (${code})`;
};

export type Of<T extends StreamEvent["type"]> = Extract<StreamEvent, { type: T }>;
export type Args<E> = { context: StreamContext; event: E };

export function wasIn<const T extends string>(words: readonly string[], target: T) {
  const params = ({ context }: Args<unknown>) => ({ was: context.was, in: words });
  return { guard: { type: "wasIn", params }, target } as const;
}

/** An action that changes what the stream remembers (see stream.moves.ts). */
export function change<E = unknown>(of: (args: Args<E>) => Change) {
  return { type: "change", params: of } as const;
}

/** An action that tells the journal (see stream.decisions.ts). */
export function tells(of: (context: StreamContext) => Decision | null) {
  return { type: "tell", params: ({ context }: Args<unknown>) => of(context) } as const;
}

/** Outside its windows nothing more is done about it, as soon as nothing is under way. */
export const rests = {
  guard: "mayRest",
  target: "#stream.carrier.offDuty",
  actions: "rest",
} as const;

/** The carrier is seen on air again before anything was taken from it. */
export function backByItself() {
  return {
    guard: "isBackByItself",
    target: "#stream.carrier.carried",
    actions: [change(({ context }) => start.recovered(context)), tells(tell.onAir), "tellIncident"],
  } as const;
}

/** One of ours that publishes already becomes the carrier. */
export const takesAsFound = [
  change<Of<"key.granted">>(({ context, event }) => start.granted(context, event.keyGeneration)),
  change(({ context }) => start.took(context)),
  tells(tell.onAir),
  "finishCommand",
] as const;

const fenceAgainUnlessLatched = [
  { guard: not("isLatchedByKicks"), target: "trying" },
  { target: "resting", reenter: true },
] as const;

/**
 * A box that should be benched publishes. Beside the carrier it is an intruder. Where the carrier
 * does not publish at all, what was remembered is older than the world; as long as the carrier
 * cannot be read, nobody knows, and nobody is stopped on a guess.
 */
export const memoryIsDoubted = [
  { guard: "carrierPublishes", actions: "callRogue" },
  { guard: "carrierIsIdle", actions: "doubtMemory" },
  {},
] as const;

/** Look for the proof again, after a pause, for as long as it takes. */
export function fenceAgain<const D extends string>(pause: D) {
  return {
    resting: {
      after: { [pause]: fenceAgainUnlessLatched } as Record<D, typeof fenceAgainUnlessLatched>,
    },
    trying: {
      invoke: {
        src: "fence",
        input: ({ context }: Args<unknown>) => fenceOrder(context),
        onDone: [
          {
            guard: { type: "proves", params: evidenceOf },
            target: "#stream.carrier.checking",
            actions: change((args) => fence.certifiedBy(args.context, evidenceOf(args))),
          },
          {
            target: "resting",
            actions: change((args) => fence.unprovenBecause(args.context, evidenceOf(args))),
          },
        ],
        onError: { target: "resting" },
      },
    },
  } as const;
}

/** A person has looked at what made it flap. */
export const releaseLatch = {
  guard: "isLatched",
  actions: [
    change<Of<"release">>(({ context, event }) => ({
      command: event.command,
      because: `released by ${event.command.by}, ${context.because}`,
      switches: [],
      latch: noLatch,
    })),
    "finishCommand",
  ],
} as const;

/** What a person may do while there is no proof. */
export function personActs() {
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
          ...start.recovered(context),
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
          latch: noLatch,
          kicks: [],
          fencingSince: context.now(),
        })),
        "finishCommand",
      ],
    },
  } as const;
}
