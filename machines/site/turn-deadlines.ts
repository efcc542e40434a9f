import type { AnyActorRef, AnyEventObject } from "xstate";
import type { Scheduler } from "../stepping/inside.ts";
import type { Timer, TurnClock } from "./turn-clock.ts";

type System = {
  scheduler: Scheduler;
  _relay: (source: AnyActorRef, target: AnyActorRef, event: AnyEventObject) => void;
};

/**
 * The deadlines of all actors in `system`, by actor. XState keeps them in one object by text; with
 * thousands of boxes that takes longer than their turns, and most of all when an actor ends.
 */
export function keepDeadlines(system: unknown, clock: TurnClock): void {
  const { scheduler, _relay: relay } = system as System;
  /** Those that were taken back stay until they are set anew: a chart has only so many. */
  const kept = new Map<AnyActorRef, Map<string, Timer>>();
  let unnamed = 0;
  scheduler.schedule = (source, target, event, delayMs, id = `unnamed ${(unnamed += 1)}`) => {
    let mine = kept.get(source);
    if (!mine) kept.set(source, (mine = new Map<string, Timer>()));
    const deadlines = mine;
    const timer = clock.setTimeout(() => {
      deadlines.delete(id);
      relay(source, target, event);
    }, delayMs);
    deadlines.set(id, timer);
  };
  scheduler.cancel = (source, id) => {
    const timer = kept.get(source)?.get(id);
    if (timer) clock.clearTimeout(timer);
  };
  scheduler.cancelAll = (source) => {
    for (const timer of kept.get(source)?.values() ?? []) clock.clearTimeout(timer);
    kept.delete(source);
  };
}
