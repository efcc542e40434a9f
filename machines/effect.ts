import type { ActorRef, ActorSystem, AnyActorRef, AnyEventObject } from "xstate";
import type { IntentKind, Intents } from "./intents.ts";

/** Why an intent could not be carried out. */
export type EffectError = {
  code: string;
  message: string;
  /** `staleKey`, `staleOrders`: the highest generation that was seen where it was refused. */
  highestGeneration?: number;
};

type EffectEvent<K extends IntentKind> =
  | { type: "effect.done"; answer: Intents[K]["answer"] }
  | { type: "effect.failed"; error: EffectError };

type EffectSnapshot<K extends IntentKind> =
  | { status: "active" | "stopped"; output: undefined; error: undefined; asks: Intents[K]["asks"] }
  | { status: "done"; output: Intents[K]["answer"]; error: undefined; asks: Intents[K]["asks"] }
  | { status: "error"; output: undefined; error: EffectError; asks: Intents[K]["asks"] };

type Scope = { self: unknown; system: System };

/** A placeholder in a running machine: it waits for the world's answer. */
export type EffectRef<K extends IntentKind = IntentKind> = K extends IntentKind
  ? ActorRef<EffectSnapshot<K>, EffectEvent<K>>
  : never;

/** Notes which effects begin and which are given up; the only thing an effect ever does. */
export type EffectRecorder = {
  began<K extends IntentKind>(kind: K, asks: Intents[K]["asks"], ref: EffectRef<K>): void;
  givenUp(ref: EffectRef): void;
};

type System = ActorSystem<never> | AnyActorRef["system"];
const recorders = new WeakMap<System, EffectRecorder>();

/** From now on the effects of all actors in `system` are noted by `recorder`. */
export function recordEffects(system: System, recorder: EffectRecorder): void {
  recorders.set(system, recorder);
}

/**
 * Placeholder for work done outside. In a machine it is invoked like any actor; when it starts it
 * only records an intent. The answer comes back in a later turn (`effect.done`/`effect.failed`)
 * and ends the invocation. Where nobody records, it fails loudly.
 */
export function effect<K extends IntentKind>(kind: K) {
  return {
    getInitialSnapshot: (_: unknown, asks: Intents[K]["asks"]): EffectSnapshot<K> => ({
      status: "active",
      output: undefined,
      error: undefined,
      asks,
    }),
    getPersistedSnapshot: (snapshot: EffectSnapshot<K>) => snapshot,
    start: (snapshot: EffectSnapshot<K>, { self, system }: Scope) => {
      const recorder = recorders.get(system);
      if (!recorder) throw new Error(`nobody carries out "${kind}" here`);
      recorder.began(kind, snapshot.asks, self as EffectRef<K>);
    },
    transition: (
      snapshot: EffectSnapshot<K>,
      event: EffectEvent<K>,
      { self, system }: Scope,
    ): EffectSnapshot<K> => {
      const { asks } = snapshot;
      switch ((event as AnyEventObject).type) {
        case "effect.done":
          return {
            status: "done",
            output: (event as { answer: Intents[K]["answer"] }).answer,
            error: undefined,
            asks,
          };
        case "effect.failed":
          return {
            status: "error",
            output: undefined,
            error: (event as { error: EffectError }).error,
            asks,
          };
        case "xstate.stop":
          recorders.get(system)?.givenUp(self as EffectRef);
          return { status: "stopped", output: undefined, error: undefined, asks };
        default:
          return snapshot;
      }
    },
  };
}
