/**
 * The region of an encoder that watches its clock against that of this host: recordings are filed
 * by it, and a scheduler in the box starts by it. A box without a battery has the time of its
 * factory until it has heard a time server, so a wrong clock is told only when it stays wrong.
 */
import type { Decision } from "../decision.ts";
import { againstHost, defaultAlarmOffsetMs, isOff } from "../site/host-clock.ts";
import type { EncoderContext } from "./encoder.context.ts";
import type { EncoderReading } from "./reading.ts";

export type ClockWord = "unknown" | "right" | "wrong";

/** How long it has to be wrong. */
export const clockSettlesMs = 30_000;

/** @param isTold people were told that it is wrong */
export function clockWord(
  { plan }: Pick<EncoderContext, "plan">,
  { clock }: Pick<EncoderReading, "clock">,
  isTold: boolean,
): ClockWord {
  if (!clock) return "unknown";
  const alarmOffsetMs = plan.clockAlarmOffsetMs ?? defaultAlarmOffsetMs;
  return isOff(clock, isTold, alarmOffsetMs) ? "wrong" : "right";
}

export const clock = {
  initial: "unknown",
  states: {
    unknown: {
      on: {
        reading: [
          { guard: { type: "clockIs", params: "right" }, target: "right" },
          { guard: { type: "clockIs", params: "wrong" }, target: "doubted" },
        ],
      },
    },
    right: {
      on: {
        reading: [
          { guard: { type: "clockIs", params: "wrong" }, target: "doubted" },
          { guard: { type: "clockIs", params: "unknown" }, target: "unknown" },
        ],
        stalled: "unknown",
      },
    },
    doubted: {
      on: {
        reading: [
          { guard: { type: "clockIs", params: "right" }, target: "right" },
          { guard: { type: "clockIs", params: "unknown" }, target: "unknown" },
        ],
        stalled: "unknown",
      },
      after: { clockSettles: { target: "wrong", actions: { type: "tellClock", params: true } } },
    },
    /** Until it is seen to be right: also over a stall, or while it does not tell. */
    wrong: {
      on: {
        reading: {
          guard: "isClockRightAgain",
          target: "right",
          actions: { type: "tellClock", params: false },
        },
      },
    },
  },
} as const;

export function clockNews({ plan, reading }: EncoderContext, isWrong: boolean): Decision {
  const { clock } = reading ?? {};
  const by = clock ? againstHost(clock.aheadMs) : "not that of this host";
  return {
    type: "encoder.clock",
    severity: isWrong ? "warning" : "info",
    message: isWrong
      ? `the clock of ${plan.id} is ${by}: its recordings get the wrong time; check its time server`
      : `the clock of ${plan.id} is right again, as this host's is`,
    data: { clock: isWrong ? "wrong" : "right", ...clock },
  };
}
