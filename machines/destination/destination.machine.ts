import { assign, emit, setup } from "xstate";
import { decided } from "../decision.ts";
import type { DestinationPlan } from "../site/plan.ts";
import { elapsedMs, type Stamp } from "../time.ts";
import type { FarEndSight } from "./sight.ts";
import { stepped } from "../stepping/stepped.ts";

export type DestinationEvent =
  | { type: "sight"; sight: FarEndSight; source: string; provesAbsence: boolean }
  /** By the encoder whose start was refused there; null: one was taken since. */
  | { type: "refusal"; by: string | null }
  /** The decider itself stood still: whatever was seen has to be seen again. */
  | { type: "stalled" };

export type DestinationContext = {
  plan: DestinationPlan;
  now: () => Stamp;
  by: string | null;
  bytes: number | null;
  source: string | null;
  provesAbsence: boolean;
  observedAt: Stamp | null;
  movedAt: Stamp | null;
  quietSince: Stamp | null;
  /** The last look found the counter where it was the time before. */
  stoodStill: boolean;
  /** When media began to be watched, or was last seen to move. */
  watchedSince: Stamp;
};

/** Who is refused is tried again sooner. */
const refusalCountsMs = 10 * 60_000;

type Sight = Extract<DestinationEvent, { type: "sight" }>;
const seen = ({ event }: { event: DestinationEvent }) => event as Sight;
const keep = { type: "keepSight", params: seen } as const;
const toMoving = {
  guard: { type: "mediaMoved", params: seen },
  target: "moving",
  reenter: true,
  actions: "noteMoved",
} as const;
/** A look that shows no movement, long enough after the last; the passing of time shows nothing. */
const toStalled = {
  guard: { type: "standsStillTooLong", params: seen },
  target: "stalled",
} as const;
const afterAWhile = {
  stalledAfter: { guard: "stoodStill", target: "stalled" },
} as const;
const told = (word: string) => [keep, { type: "tell", params: word } as const];

/** What the far end was last seen to receive. A look that failed is unknown, never quiet. */
export const destinationMachine = setup({
  types: {} as {
    context: DestinationContext;
    input: { plan: DestinationPlan; now: () => Stamp };
    events: DestinationEvent;
    emitted: ReturnType<typeof decided>;
  },
  guards: {
    isUnseen: (_, { sight }: Sight) => sight.word === "unseen",
    isQuiet: (_, { sight }: Sight) => sight.word === "quiet",
    isRefused: ({ event }) => event.type === "refusal" && event.by !== null,
    isPublishing: (_, { sight }: Sight) => sight.word === "publishing",
    /** The counter grew, or there is no counter and being listed is all that can be seen. */
    mediaMoved: ({ context }, { sight }: Sight) =>
      sight.word === "publishing" &&
      (sight.bytes === null || (context.bytes !== null && sight.bytes !== context.bytes)),
    stoodStill: ({ context }) => context.stoodStill,
    standsStillTooLong: ({ context }, { sight }: Sight) =>
      standsStill(sight, context) &&
      elapsedMs(context.watchedSince, context.now()) >= context.plan.stalledAfterMs,
  },
  actions: {
    watch: assign({ watchedSince: ({ context }) => context.now(), stoodStill: false }),
    keepSight: assign(({ context }, { sight, source, provesAbsence }: Sight) => ({
      observedAt: context.now(),
      source,
      provesAbsence,
      by: sight.word === "publishing" ? sight.by : null,
      bytes: sight.word === "publishing" ? sight.bytes : null,
      stoodStill: standsStill(sight, context),
      quietSince: sight.word === "quiet" ? (context.quietSince ?? context.now()) : null,
    })),
    noteRefusal: assign(({ context, event }) => {
      const source = event.type === "refusal" ? event.by : null;
      return { source, observedAt: source === null ? null : context.now(), provesAbsence: false };
    }),
    noteMoved: assign({ movedAt: ({ context }) => context.now() }),
    forget: assign({ by: null, bytes: null, quietSince: null }),
    tell: emit(({ context }, word: string) => {
      const { id, isRelayInput } = context.plan;
      return decided({
        type: "destination.changed",
        severity: word === "refusing" || word === "stalled" ? "warning" : "info",
        message: `${id}: ${isRelayInput ? "its relay" : "the far end"} ${sentences[word]}`,
        data: { state: word, by: context.by, source: context.source },
      });
    }),
  },
  delays: {
    sightMaxAge: ({ context }) => context.plan.sightMaxAgeMs,
    stalledAfter: ({ context }) => context.plan.stalledAfterMs,
  },
}).createMachine({
  id: "destination",
  context: ({ input }) => ({
    ...input,
    by: null,
    bytes: null,
    source: null,
    provesAbsence: false,
    observedAt: null,
    movedAt: null,
    quietSince: null,
    stoodStill: false,
    watchedSince: input.now(),
  }),
  initial: "unknown",
  on: {
    stalled: { target: ".unknown", actions: "forget" },
    sight: [
      { guard: { type: "isUnseen", params: seen }, target: ".unknown", actions: told("unknown") },
      { guard: { type: "isQuiet", params: seen }, target: ".quiet", actions: told("quiet") },
      { target: ".publishing", actions: told("publishing") },
    ],
  },
  states: {
    unknown: {
      on: {
        sight: { guard: { type: "isUnseen", params: seen }, actions: keep },
        refusal: {
          guard: "isRefused",
          target: "refusing",
          actions: ["noteRefusal", { type: "tell", params: "refusing" }],
        },
      },
    },
    quiet: {
      after: { sightMaxAge: { target: "unknown", actions: "forget" } },
      on: {
        sight: {
          guard: { type: "isQuiet", params: seen },
          target: "quiet",
          reenter: true,
          actions: keep,
        },
      },
    },
    /** By the word of an encoder, where nobody sees more. */
    refusing: {
      after: { [refusalCountsMs]: { target: "unknown", actions: "noteRefusal" } },
      on: {
        sight: { guard: { type: "isUnseen", params: seen } },
        refusal: [
          { guard: "isRefused", target: "refusing", reenter: true, actions: "noteRefusal" },
          { target: "unknown", actions: "noteRefusal" },
        ],
      },
    },
    publishing: {
      type: "parallel",
      states: {
        age: {
          initial: "fresh",
          states: {
            fresh: {
              after: { sightMaxAge: { target: "#destination.unknown", actions: "forget" } },
              on: {
                sight: {
                  guard: { type: "isPublishing", params: seen },
                  target: "fresh",
                  reenter: true,
                  actions: keep,
                },
              },
            },
          },
        },
        media: {
          initial: "looking",
          states: {
            /** One look cannot show movement. */
            looking: {
              entry: "watch",
              on: { sight: [toMoving, toStalled] },
              after: afterAWhile,
            },
            moving: {
              entry: "watch",
              on: { sight: [toMoving, toStalled] },
              after: afterAWhile,
            },
            stalled: {
              entry: { type: "tell", params: "stalled" },
              on: {
                sight: {
                  ...toMoving,
                  actions: ["noteMoved", { type: "tell", params: "publishing" }],
                },
              },
            },
          },
        },
      },
    },
  },
});
stepped(destinationMachine);

function standsStill(sight: FarEndSight, { bytes }: DestinationContext): boolean {
  return sight.word === "publishing" && sight.bytes !== null && sight.bytes === bytes;
}

const sentences: Record<string, string> = {
  unknown: "cannot be seen",
  quiet: "has no publisher",
  refusing: "refuses publishers",
  publishing: "receives a picture",
  stalled: "has a publisher but nothing arrives",
};
