/** The region of an encoder that says whether we took its power away. */
import { elapsedMs, type Stamp } from "../time.ts";
import type { EncoderPlan } from "../site/plan.ts";
import type { EncoderReading } from "./reading.ts";

/** `cut`: read as off a moment ago, which is a proof. `unknown`: told off, and not read lately. */
export type Power = "on" | "cutting" | "cut" | "unknown" | "restoring";

/** What is looked at before power is cut. */
type Powered = {
  plan: EncoderPlan;
  now: () => Stamp;
  /** When its outlet was cut, oldest first. */
  cuts: readonly Stamp[];
  reading: EncoderReading | undefined;
};

const hourMs = 3_600_000;

/** The cuts that still count against the limits, oldest first. */
export function countingCuts(cuts: readonly Stamp[], now: Stamp): Stamp[] {
  return cuts.filter((at) => elapsedMs(at, now) < 24 * hourMs);
}

/** Why its power may not be cut now, or undefined when it may. */
export function keepsPower(
  { plan, cuts, now, reading }: Powered,
  recording: "protect" | "sacrifice",
): string | undefined {
  if (!plan.outlet) return "it has no outlet";
  const rests = outletRests({ plan, cuts, now });
  if (rests !== undefined) return rests;
  if (wasRecording(reading) && recording === "protect") return "it was recording when last read";
  return undefined;
}

/** Why its outlet is switched no more for now, whatever for. */
export function outletRests({
  plan,
  cuts,
  now,
}: Pick<Powered, "plan" | "cuts" | "now">): string | undefined {
  if (!plan.outlet) return undefined;
  const { perHour, perDay } = plan.outlet;
  const lastDay = countingCuts(cuts, now());
  const lastHour = lastDay.filter((at) => elapsedMs(at, now()) < hourMs);
  if (lastHour.length >= perHour) return `its outlet was cut ${lastHour.length} times in an hour`;
  if (lastDay.length >= perDay) return `its outlet was cut ${lastDay.length} times in a day`;
  return undefined;
}

export const wasRecording = (reading: EncoderReading | undefined): boolean =>
  Object.entries(reading?.outputs ?? {}).some(
    ([id, { state }]) => id.startsWith("record") && state === "streaming",
  );

/** What it was doing when it was last read, and does no more without power. */
export const endsWithPower = ({ reading }: Pick<Powered, "reading">): string[] =>
  Object.entries(reading?.outputs ?? {}).flatMap(([id, { state }]) =>
    state === "idle" || state === "unknown" ? [] : [id],
  );

/** A box that answers has power, whoever switched it on. */
const answers = {
  reading: { target: "#encoder.power.on", actions: { type: "tellPower", params: "on" } },
} as const;

const cutPower = [
  { guard: "mayCut", target: "#encoder.power.cutting", actions: "countCut" },
  { actions: "tellPowerKept" },
] as const;

/**
 * Off on request of a stream that cannot prove the box off otherwise. On again by itself only where
 * the box was last read to do nothing on its own: one that streams at power-up would be a second
 * publisher before its first answer. The key is taken out of it then (see custody.ts): a HELO
 * answers some ten seconds before it does what it was set to do at power-up.
 */
export const power = {
  initial: "deciding",
  states: {
    /** What was read in an earlier run is no proof: somebody may have switched it on since. */
    deciding: {
      always: [{ guard: "wasCut", target: "unknown" }, { target: "on" }],
    },
    on: { on: { cutPower } },
    /** On again, and not heard of yet: it is asked all the time, see `isRising`. */
    rising: {
      on: { cutPower, reading: "on" },
      after: { boots: "on" },
    },
    cutting: {
      invoke: {
        src: "turnOutlet",
        input: ({ context }: { context: Powered }) => turn(context, "off"),
        onDone: { target: "cut", actions: { type: "tellPower", params: "cut" } },
        onError: [
          { guard: "wasRefused", target: "on", actions: "tellPowerFailed" },
          { target: "unknown", actions: "tellPowerFailed" },
        ],
      },
    },
    cut: {
      on: { restorePower: "restoring" },
      after: {
        restorePowerAfter: [{ guard: "staysIdle", target: "restoring" }, { target: "unknown" }],
      },
      initial: "fresh",
      states: {
        /** An answer that was on its way while the power went says nothing. */
        fresh: { after: { lastAnswers: "settled" } },
        settled: { on: answers },
      },
    },
    unknown: {
      on: { ...answers, restorePower: "restoring", cutPower: "cutting" },
      after: { restorePowerAfter: { guard: "staysIdle", target: "restoring" } },
    },
    restoring: {
      invoke: {
        src: "turnOutlet",
        input: ({ context }: { context: Powered }) => turn(context, "on"),
        onDone: { target: "rising", actions: { type: "tellPower", params: "on" } },
        onError: { target: "stuck", actions: "tellPowerFailed" },
      },
    },
    /** As `unknown`, and the outlet did not come on: tried again, but nobody is told every minute. */
    stuck: {
      on: { ...answers, restorePower: "restoring", cutPower: "cutting" },
      after: { restorePowerAgain: "restoring" },
    },
  },
} as const;

function turn({ plan }: Powered, to: "on" | "off") {
  return { encoder: plan.id, outlet: plan.outlet!.id, to };
}

/** A cut, half a minute without power, and a boot take about a minute. */
export const comesBackWithinMs = 3 * 60_000;

/**
 * It has its power back and has not answered: what it was set to do at power-up may have been
 * changed after it was last read, so its first answer has to be met at once.
 */
export const isRising = (snapshot: { value: object }): boolean =>
  (snapshot.value as { power?: unknown }).power === "rising";

/** We took its power or rebooted it a moment ago: it will answer again soon. */
export function isExpectedBack(
  box: { cuts: readonly Stamp[]; repairs: { done: readonly { at: Stamp }[] } },
  now: Stamp,
): boolean {
  return [...box.cuts, ...box.repairs.done.map(({ at }) => at)].some(
    (at) => elapsedMs(at, now) < comesBackWithinMs,
  );
}
