/**
 * The region of an encoder that keeps it from getting too hot: step by step less load, given back
 * in the same way; then off the programme; then off. All its questions are asked of the samples in
 * the context, so they are `always` transitions: those of an event would still see the old ones.
 */
import type { EncoderPlan } from "../site/plan.ts";
import type { Stamp } from "../time.ts";
import { type Busy, isBusy, usualBusy } from "./busy.ts";
import { comingBack, loadOrder } from "./load.ts";
import { type HeatSample, isCool, isHot, needsMore, trend } from "./heat.ts";

/** What the region remembers. */
export type Heat = {
  samples: HeatSample[];
  step: number;
  /**
   * Its own word for it, where it tells no degrees. That it is not nearly too hot counts only for a
   * box that never told any: another one's were lost while it may have been hot.
   */
  saysHot?: boolean | undefined;
  hasDegrees?: true | undefined;
  /** Absent: it does not tell how busy it is. */
  busy?: Busy | undefined;
};

type Hot = { plan: EncoderPlan; heat: Heat; holds: readonly string[]; now: () => Stamp };

/** So much above the limit nobody waits for the end of a cooling period. */
const emergencyC = 2;

const hot = ({ plan, heat }: Hot) => heat.saysHot ?? isHot(heat.samples, plan.heat);
const cool = ({ plan, heat }: Hot) =>
  heat.saysHot === undefined ? isCool(heat.samples, plan.heat) : !heat.saysHot;
const more = ({ plan, heat }: Hot) => heat.saysHot ?? needsMore(heat.samples, plan.heat);
const busy = ({ heat, now }: Hot) => isBusy(heat.busy, now());
const costsPicture = ({ plan, holds }: Hot, step: number) =>
  holds.length > 0 && plan.cooling[step - 1]?.interrupts === true;
/** Taking this step, or giving it back, costs the picture of the programme that it carries. */
export const interrupts = (box: Hot) => costsPicture(box, box.heat.step);

export const heatGuards = {
  isHot: hot,
  isCool: cool,
  needsMore: more,
  interrupts,
  nextInterrupts: (box: Hot) => costsPicture(box, box.heat.step + 1),
  isBusy: busy,
  isNotBusy: (context: Hot) => !busy(context),
  isTold: ({ heat }: Hot) => heat.samples.length > 0,
  /** Not to be nearly too hot is no temperature either. */
  isUntold: ({ heat }: Hot) => heat.samples.length === 0 && heat.saysHot !== true,
  isTooHot: ({ plan, heat }: Hot) =>
    (heat.samples.at(-1)?.celsius ?? -Infinity) >= plan.heat.hotC + emergencyC,
  isInDanger: ({ plan, heat }: Hot) =>
    (heat.samples.at(-1)?.celsius ?? -Infinity) >= plan.heat.protectC,
  canCool: ({ plan }: Hot) => plan.cooling.length > 0,
  /** Without a thermometer nobody could tell when to give the step back. */
  mayCoolMore: ({ plan, heat }: Hot) => heat.samples.length > 0 && heat.step < plan.cooling.length,
  isAtFullLoad: ({ heat }: Hot) => heat.step === 0,
  mayEase: (context: Hot) => cool(context) && !interrupts(context),
  needsMoreAtLastStep: (context: Hot) =>
    context.heat.step >= context.plan.cooling.length && more(context),
  isCoolAtFullLoad: (context: Hot) => cool(context) && context.heat.step === 0,
  isCoolWithSteps: (context: Hot) => cool(context) && context.plan.cooling.length > 0,
  holdsNothing: ({ holds }: Hot) => holds.length === 0,
};

/** `a at 81 % load, 75 % is its limit` */
export function busySentence({ plan, heat }: Hot): string {
  const { busyPercent } = { ...usualBusy, ...plan.heat };
  const percent = Math.round(100 * (heat.busy?.ratio ?? 0));
  return `${plan.id} at ${percent} % load, ${busyPercent} % is its limit`;
}

export function heatSentence({ plan, heat }: Hot): string {
  if (heat.saysHot !== undefined)
    return `${plan.id} says that it is ${heat.saysHot ? "nearly" : "not"} too hot, and tells no degrees`;
  const celsius = heat.samples.at(-1)?.celsius;
  const perMinute = trend(heat.samples);
  const rising =
    perMinute === undefined ? "" : `, ${perMinute >= 0 ? "+" : ""}${perMinute.toFixed(1)} °C/min`;
  return `${plan.id} at ${celsius ?? "?"} °C${rising}`;
}

const oneMore = { type: "changeStep", params: 1 } as const;
const oneLess = { type: "changeStep", params: -1 } as const;
const tellStep = { type: "tellThermal", params: "cooling" } as const;
const asked = {
  cooldown: { guard: "mayCoolMore", target: "cooling", actions: "tellCooldown" },
} as const;
const toNormal = {
  target: "#encoder.thermal.normal",
  actions: { type: "tellThermal", params: "normal" },
} as const;

export const thermal = {
  initial: "deciding",
  states: {
    deciding: {
      always: [{ guard: "wasCooled", target: "cooling.recalling" }, { target: "unknown" }],
    },
    unknown: {
      always: [
        { guard: "isHot", target: "rising" },
        { guard: "isBusy", target: "busy" },
        { guard: "isTold", target: "normal" },
      ],
    },
    normal: {
      on: asked,
      always: [
        { guard: "isHot", target: "rising" },
        { guard: "isBusy", target: "busy" },
        { guard: "isUntold", target: "unknown" },
      ],
    },
    /** No room for a harder scene: others are chosen before it. Nothing is taken from it for that. */
    busy: {
      entry: { type: "tellBusy", params: true },
      on: asked,
      always: [
        { guard: "isHot", target: "rising" },
        {
          guard: "isNotBusy",
          target: "unknown",
          actions: { type: "tellBusy", params: false },
        },
      ],
    },
    rising: {
      always: [
        { guard: "canCool", target: "cooling" },
        { target: "warm", actions: { type: "tellThermal", params: "warm" } },
      ],
    },
    /** Nothing can be done about its load: only about who carries the programme. */
    warm: {
      always: [
        { guard: "isCool", ...toNormal },
        { guard: "isUntold", target: "unknown" },
      ],
      after: {
        coolingPeriod: [
          { guard: "needsMore", target: "relieving" },
          { target: "warm", reenter: true },
        ],
      },
    },
    cooling: {
      initial: "choosing",
      states: {
        /**
         * As it was: the same again costs nothing, and what waited for leave was not counted. Only
         * once it has said at which load it works: what is remembered may be older.
         */
        recalling: { always: { guard: "wasRead", target: "applying" } },
        choosing: {
          always: [
            { guard: "nextInterrupts", target: "relieving" },
            { target: "applying", actions: oneMore },
          ],
        },
        /** Whoever carries the programme is replaced first, where somebody can. */
        relieving: {
          entry: { type: "askForRelief", params: "heat" },
          always: { guard: "isRelieved", target: "applying", actions: oneMore },
          after: { reliefWithin: "asking" },
        },
        asking: {
          entry: "askToCool",
          on: {
            mayCool: { target: "applying", actions: oneMore },
            mayNotCool: [
              { guard: "isInDanger", target: "applying", actions: oneMore },
              { target: "heldBack", actions: "tellCoolingHeld" },
            ],
          },
        },
        /** Somebody stands by, and does not take over now: the step would cost a picture for nothing. */
        heldBack: {
          initial: "waiting",
          always: [
            { guard: "isRelieved", target: "applying", actions: oneMore },
            { guard: "isInDanger", target: "applying", actions: oneMore },
            { guard: "isCoolAtFullLoad", ...toNormal },
            { guard: "isCool", target: "resting" },
          ],
          states: {
            waiting: { after: { coolingPeriod: "relieving" } },
            relieving: {
              entry: { type: "askForRelief", params: "heat" },
              after: { reliefWithin: "asking" },
            },
            asking: {
              entry: "askToCool",
              on: {
                mayCool: { target: "#encoder.thermal.cooling.applying", actions: oneMore },
                mayNotCool: "waiting",
              },
            },
          },
        },
        applying: {
          invoke: {
            src: "setLoad",
            input: loadOrder,
            onDone: [
              { guard: "isAtFullLoad", ...toNormal },
              { guard: "interrupts", target: "returning", actions: tellStep },
              { target: "resting", actions: tellStep },
            ],
            onError: [
              { guard: "interrupts", target: "returning", actions: "tellStepFailed" },
              { target: "resting", actions: "tellStepFailed" },
            ],
          },
        },
        ...comingBack("resting"),
        resting: {
          on: {
            cooldown: {
              guard: "mayCoolMore",
              target: "choosing",
              actions: "tellCooldown",
            },
          },
          after: {
            hurry: { guard: "isTooHot", target: "deciding" },
            coolingPeriod: "deciding",
          },
        },
        deciding: {
          always: [
            { guard: "mayEase", target: "applying", actions: oneLess },
            { guard: "needsMoreAtLastStep", target: "#encoder.thermal.relieving" },
            { guard: "needsMore", target: "choosing" },
            { target: "resting" },
          ],
        },
      },
    },
    /** No step is left: another box carries on, if there is one. */
    relieving: {
      entry: { type: "askForRelief", params: "heat" },
      always: { guard: "isRelieved", target: "protected" },
      after: { reliefWithin: [{ guard: "isInDanger", target: "protected" }, { target: "hot" }] },
    },
    /** Nobody took over. Its picture is worth more than none, as long as the box is not in danger. */
    hot: {
      entry: { type: "tellThermal", params: "hot" },
      always: [
        { guard: "holdsNothing", target: "protected" },
        { guard: "isInDanger", target: "protected" },
      ],
      initial: "enduring",
      states: {
        enduring: {
          entry: { type: "askForRelief", params: "heat" },
          after: {
            coolingPeriod: [
              { guard: "isCoolWithSteps", target: "#encoder.thermal.cooling.deciding" },
              { guard: "isCool", ...toNormal },
              { target: "enduring", reenter: true },
            ],
          },
        },
      },
    },
    /** Its stream takes it off the programme whoever else there is: better dark than broken. */
    protected: {
      entry: { type: "tellThermal", params: "protected" },
      initial: "still",
      states: {
        still: {
          after: {
            coolingPeriod: [
              { guard: "isCoolWithSteps", target: "#encoder.thermal.cooling.deciding" },
              { guard: "isCool", ...toNormal },
              { target: "still", reenter: true },
            ],
          },
        },
      },
    },
  },
} as const;
