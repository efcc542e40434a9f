/** The region of an encoder that says who may use one of its outputs. */
import type { EncoderPlan } from "../site/plan.ts";
import type { EncoderEvent } from "./encoder.events.ts";

/** Who may use this output, and the work of taking the key out of a benched box. */
export function custody(output: string) {
  const moves = {
    granted: { guard: isFor(output), target: ".held" },
    benched: { guard: isFor(output), target: ".forgetting" },
    released: { guard: isFor(output), target: ".free" },
  } as const;
  /** With each takeover every other box is told to be benched; the key is taken out of it once. */
  const alreadySo = { guard: isFor(output) } as const;
  const rogue = {
    guard: {
      type: "usesOurKey",
      params: ({ event }: { event: Extract<EncoderEvent, { type: "reading" }> }) => ({
        reading: event.reading,
        output,
      }),
    },
    target: "forgetting",
    actions: { type: "tellRogue", params: output },
  } as const;
  /** Somebody put a key back: who selects it and presses start would be a second publisher. */
  const keyIsBack = {
    guard: {
      type: "holdsOurKey",
      params: ({ event }: { event: Extract<EncoderEvent, { type: "reading" }> }) => ({
        reading: event.reading,
        output,
      }),
    },
    target: "forgetting",
  } as const;
  /** Told to the site, which knows what the others of its stream do. */
  const doubted = {
    guard: rogue.guard,
    actions: { type: "tellDoubt", params: output },
  } as const;
  return {
    initial: "deciding",
    on: moves,
    states: {
      deciding: {
        always: [
          { guard: { type: "wasCustody", params: { output, word: "held" } }, target: "held" },
          {
            guard: { type: "wasCustody", params: { output, word: "benched" } },
            target: "recalled",
          },
          { target: "free" },
        ],
      },
      free: {},
      held: {},
      /**
       * Benched by the word of an earlier run, which may be older than the world. If it
       * publishes, its stream has to know better before it is stopped.
       */
      recalled: {
        on: {
          reading: [doubted, { target: "forgetting" }],
          rogue: {
            guard: isFor(output),
            target: "forgetting",
            actions: { type: "tellRogue", params: output },
          },
        },
      },
      /** It still has the key, and could not be reached to take it away. */
      owing: {
        on: { reading: [rogue, { target: "forgetting" }] },
      },
      forgetting: {
        on: { benched: alreadySo },
        invoke: {
          src: "stopOutput",
          input: ({ context }: { context: { plan: EncoderPlan } }) => ({
            encoder: context.plan.id,
            output,
            forgetKey: true,
          }),
          onDone: {
            target: "benched",
            actions: { type: "tellBenched", params: output },
          },
          onError: { target: "owingAWhile" },
        },
      },
      owingAWhile: { after: { retryBench: "owing" } },
      benched: {
        on: { reading: [rogue, keyIsBack], benched: alreadySo },
      },
    },
  } as const;
}

function isFor(output: string) {
  return {
    type: "outputIs" as const,
    params: ({ event }: { event: EncoderEvent }) => ({
      output,
      asked: "output" in event ? event.output : "",
    }),
  };
}
