/**
 * The region of a stream that counts down to where its far end ends the event by itself, as some
 * platforms do when nothing has come for long enough. Goes on over blindness and restarts.
 */
import { and, not } from "xstate";
import type { Decision } from "../decision.ts";
import { deadlineIn } from "../time.ts";
import type { Change, StreamContext } from "./stream.context.ts";
import { isExpected } from "./schedule.ts";
import { change, tells } from "./stream.steps.ts";

/** It is wanted on air at a far end that ends an event for want of a picture. */
export const isEventAtRisk = ({ destination, memory }: StreamContext): boolean =>
  destination.offAirEndsEventAfterMs !== undefined &&
  memory.goal !== "stop" &&
  isExpected(memory.schedule);

function counting({ destination, now }: StreamContext): Change {
  const afterMs = destination.offAirEndsEventAfterMs;
  return { eventEnds: afterMs === undefined ? null : deadlineIn(afterMs, now()) };
}

function eventEnded({ plan, destination }: StreamContext): Decision {
  const seconds = Math.round((destination.offAirEndsEventAfterMs ?? 0) / 1_000);
  return {
    type: "stream.eventEnded",
    severity: "critical",
    message:
      `${plan.id} has not been seen on air for ${seconds} s, after which ${destination.id} ends an ` +
      "event by its rule: look there whether it has to be begun anew, or needs another key",
    data: { destination: destination.id, afterMs: destination.offAirEndsEventAfterMs ?? null },
  };
}

const forget = change(() => ({ eventEnds: null }));
const endings = [
  { guard: "seenOnAir", target: "resting", actions: forget },
  { guard: not("isEventAtRisk"), target: "resting", actions: forget },
] as const;

const ended = { guard: "eventIsOver", target: "over", actions: tells(eventEnded) } as const;

export const eventEndRegion = {
  initial: "resting",
  states: {
    resting: {
      always: [
        // As it was before a restart.
        { guard: and(["eventIsCounted", "eventIsOver"]), target: "over" },
        { guard: "eventIsCounted", target: "counting" },
        {
          guard: "eventBeginsToEnd",
          target: "counting",
          actions: change(({ context }) => counting(context)),
        },
      ],
    },
    counting: {
      always: [...endings, ended],
      after: { eventEnds: ended },
    },
    over: { always: endings },
  },
} as const;
