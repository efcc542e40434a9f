/**
 * The region of a stream that knows when it is expected on air. The phase itself is worked out when
 * the windows are told (see schedule.ts); here is what follows from its change.
 */
import { phases, type Phase } from "./schedule.ts";

type Action = "tellPhase" | "windowBegins" | "windowEnds" | "eventNears";

/** To whatever phase it is now. */
const when = (phase: Phase, ...actions: Action[]) =>
  ({
    guard: { type: "isPhase", params: phase },
    target: `#stream.event.${phase}`,
    actions,
  }) as const;

/** From a phase without an event to any other one. */
const fromRest = (own: "always" | "off") => [
  own === "always" ? when("off", "tellPhase") : when("always", "tellPhase"),
  when("frozen", "tellPhase", "eventNears"),
  when("lineUp", "tellPhase", "eventNears"),
  when("on", "tellPhase", "windowBegins"),
];

const recheckLineUpMs = 60_000;

export const eventRegion = {
  initial: "resuming",
  states: {
    resuming: { always: phases.map((phase) => when(phase)) },
    always: { always: fromRest("always") },
    off: { always: fromRest("off") },
    frozen: {
      always: [
        when("always", "tellPhase"),
        when("off", "tellPhase"),
        when("lineUp", "tellPhase"),
        when("on", "tellPhase", "windowBegins"),
      ],
    },
    lineUp: {
      initial: "soon",
      always: [
        when("always", "tellPhase"),
        when("off", "tellPhase"),
        when("frozen", "tellPhase"),
        when("on", "tellPhase", "windowBegins"),
      ],
      states: {
        /** After a start everybody is looked at first. */
        soon: { after: { lookAround: "checked" } },
        checked: {
          entry: "askForLineUp",
          after: { [recheckLineUpMs]: { target: "checked", reenter: true } },
        },
      },
    },
    on: {
      initial: "waiting",
      always: [
        when("always", "tellPhase"),
        when("off", "tellPhase", "windowEnds"),
        when("frozen", "tellPhase", "windowEnds"),
        when("lineUp", "tellPhase", "windowEnds"),
      ],
      states: {
        waiting: {
          always: [
            { guard: "isThere", target: "there" },
            { guard: { type: "began", params: "there" }, target: "there" },
            { guard: { type: "began", params: "missed" }, target: "missed" },
          ],
          after: { missed: { target: "missed", actions: "tellMissed" } },
        },
        missed: { always: { guard: "isThere", target: "there", actions: "tellStartedLate" } },
        there: { entry: { type: "noteStart", params: "there" } },
      },
    },
  },
} as const;

/** Looks again when a window should be over: a jump of the wall clock may have kept it open. */
export const windowEndRegion = {
  initial: "closed",
  states: {
    closed: { always: { guard: { type: "isPhase", params: "on" }, target: "open" } },
    open: {
      always: { guard: "isNoPhaseOn", target: "closed" },
      after: { windowLeft: { target: "open", reenter: true, actions: "lookAtWindows" } },
    },
  },
} as const;
