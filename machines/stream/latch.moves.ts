/** When a stream is held where it is, and when it is let go again. */
import { elapsedMs } from "../time.ts";
import type { Latch } from "./latch.ts";
import { type Change, type StreamContext, verdict } from "./stream.context.ts";

const hourMs = 3_600_000;

export const latched = ({ memory: { latch } }: StreamContext): ("moves" | "returns")[] => [
  ...(latch.moves ? (["moves"] as const) : []),
  ...(latch.returns ? (["returns"] as const) : []),
];

/** The budget of an hour is used up. */
export function movedTooOften({ plan, memory, now }: StreamContext): boolean {
  const { switches } = memory;
  return switches.filter((at) => elapsedMs(at, now()) < hourMs).length >= plan.budget.perHour;
}

/** On air without the programme, or with it; undefined where nothing is known of that. */
function isOffProgramme(context: StreamContext): boolean | undefined {
  const { word } = verdict(context);
  return word === "content" ? true : word === "good" ? false : undefined;
}

/** It still flaps: the hour of calm begins anew. */
export function changedAgain(context: StreamContext): boolean {
  const now = isOffProgramme(context);
  return now !== undefined && now !== context.memory.latch.moves?.offProgramme;
}

export function calmLeftMs({ memory: { latch }, now }: StreamContext): number {
  return latch.moves ? Math.max(0, hourMs - elapsedMs(latch.moves.since, now())) : 0;
}

/** From now on nothing moves that is on air. */
export const movesHeld = (context: StreamContext): Change => ({
  latch: {
    ...context.memory.latch,
    moves: { offProgramme: isOffProgramme(context) ?? false, since: context.now() },
  },
});
export const movesFree = ({ memory }: StreamContext): Change => ({
  latch: { ...memory.latch, moves: null },
});

/** A return within the last hour put the carrier there that has to be left now. */
export function latchAfterLeaving({ memory, now }: StreamContext): Latch {
  const { goal, startedAt, latch } = memory;
  const didNotHold =
    goal === "return" && startedAt !== null && elapsedMs(startedAt, now()) < hourMs;
  return didNotHold ? { ...latch, returns: true } : latch;
}
