/**
 * The region of an encoder that repairs it: one step of a playbook after the other, and after each
 * a time in which it has to prove itself. What interrupts is done to a box that carries nothing, or
 * whose programme is off air with nobody else to carry it: the site is asked each time. Of a picture
 * that is still there only the load is touched, and where even that costs the picture its stream
 * takes over first; on air it is done only where nobody stands by.
 */
import { not } from "xstate";
import { elapsedMs } from "../time.ts";
import { carriesNothing } from "./encoder.context.ts";
import { isCool, isHot } from "./heat.ts";
import { comingBack, interruptsBetween, loadOrder, loadStep } from "./load.ts";
import {
  budgetMs,
  failingOutput,
  isStrain,
  nextRepair,
  proposalMs,
  type Repairable,
} from "./playbooks.ts";
import type { Trouble } from "./encoder.contract.ts";
import type { RepairNews } from "./repair-words.ts";

const minuteMs = 60_000;
/** A trouble that goes away by itself in this time is none. */
const troubleLastsMs = 30_000;
/** What was stopped says so by then, or the next step is taken. */
const restartShowsMs = 15_000;
/** A box boots for so long at most, and then has to be ready for a minute. */
const provesWithinMs = { boot: 4 * minuteMs, load: 2 * minuteMs };
/** A box that fell silent while it was hot has cooled by then, as far as it will. */
const coolsWithinMs = 10 * minuteMs;
/** Then a box that works at less load may try more. */
const calmMs = 10 * minuteMs;
/** A box that was given up is tried again so often, while nobody else carries its programme. */
const triesAgainMs = 60 * minuteMs;
/** While its stream sees to it itself, or nobody may act, the answer is asked for so often. */
const asksAgainMs = 10_000;

type Context = { context: Repairable };

/** A boot is a box's hottest minute: one that hangs from heat would only hang again. */
const isCoolEnough = ({ context: { heat, plan, now } }: Context) => {
  const last = heat.samples.at(-1);
  return !last || isCool(heat.samples, plan.heat) || elapsedMs(last.at, now()) >= coolsWithinMs;
};
const isTooHotToBoot = ({ context }: Context) =>
  ["reboot", "powerCycle"].includes(nextRepair(context)?.action ?? "") &&
  isHot(context.heat.samples, context.plan.heat) &&
  !isCoolEnough({ context });

/** The next step costs the picture of a programme that it carries. */
const costsThePicture = ({ context }: Context) =>
  !carriesNothing(context) &&
  isStrain(context.repairs.trouble) &&
  nextRepair(context)?.interrupts === true;
const isRelievedOfStrain = ({ context }: Context) =>
  carriesNothing(context) && isStrain(context.repairs.trouble);
const isOfTheNetwork = ({ context }: Context) => context.repairs.trouble === "network";
const lastRestarted = ({ context: { repairs } }: Context) =>
  repairs.done.at(-1)?.action === "restart";
const lastLowered = ({ context: { repairs } }: Context) =>
  repairs.done.at(-1)?.action === "lowerLoad";
/** Taking the last step costs the picture of a programme that it carries. */
export const lowersOnAir = ({ holds, repairs }: Repairable): boolean =>
  holds.length > 0 && repairs.done.at(-1)?.interrupts === true;
const isOnAir = ({ context }: Context) => lowersOnAir(context);
const isLowered = ({ context: { repairs } }: Context) => (repairs.loadStep ?? 0) > 0;

/** What its playbooks want of its load after a calm time; undefined: as now. */
export function loadGivenBack(box: Repairable): number | undefined {
  const { loadStep: own = 0 } = box.repairs;
  if (own === 0) return undefined;
  if (carriesNothing(box)) return 0;
  const after = loadStep({ heat: box.heat, repairs: { loadStep: own - 1 } });
  return interruptsBetween(box.plan.cooling, loadStep(box), after) ? undefined : own - 1;
}

const well = { guard: "isWell", target: "well" } as const;
const tell = (what: RepairNews) => ({ type: "tellRepair", params: what }) as const;
const watch = (trouble: Trouble) =>
  ({
    target: "#encoder.repair.watching",
    actions: { type: "noteTrouble", params: trouble },
  }) as const;
/** It has one of these. */
const begins = [
  { guard: "isGone", ...watch("unreachable") },
  { guard: "isFailing", ...watch("failing") },
  { guard: "isCongested", ...watch("network") },
  { guard: "isOverloaded", ...watch("overload") },
] as const;
/** It has another one than it is treated for. */
const turns = [
  { guard: "becameGone", ...watch("unreachable") },
  { guard: "becameFailing", ...watch("failing") },
  { guard: "becameCongested", ...watch("network") },
  { guard: "becameOverloaded", ...watch("overload") },
] as const;
const proving = "#encoder.repair.proving";
/** What comes of its starts from now on is to be seen anew. */
const booted = {
  target: proving,
  actions: ["tellBooted", { type: "noteStarts", params: false }],
} as const;
const act = [
  { guard: costsThePicture, target: "#encoder.repair.clearing" },
  { target: "#encoder.repair.acting" },
] as const;

/** Nobody misses a box that is off while none of its programmes is expected on air. */
const again = [
  { guard: "isGone", target: "#encoder.repair.wondering" },
  { target: "#encoder.repair.deciding" },
] as const;

export const repair = {
  initial: "well",
  states: {
    well: {
      initial: "calm",
      always: [...begins, { guard: isLowered, target: "lowered" }],
      states: {
        calm: { always: { guard: "wasGivenUp", target: "calming" } },
        /** Nobody is called again and again for a box that comes and goes. */
        calming: { after: { staysWell: { target: "calm", actions: "forgetGivenUp" } } },
      },
    },
    /** As well as it is at less load. */
    lowered: {
      always: begins,
      after: {
        [calmMs]: [
          { guard: "mayGiveBack", target: "givingBack", actions: "noteGivingBack" },
          { target: "lowered", reenter: true },
        ],
      },
    },
    givingBack: {
      invoke: {
        src: "setLoad",
        input: ({ context }: Context) => {
          const repairs = { loadStep: context.repairs.givesBackTo ?? 0 };
          return loadOrder({ context: { ...context, repairs } });
        },
        onDone: { target: "well", actions: ["noteGivenBack", tell("givesBack")] },
        onError: "lowered",
      },
    },
    watching: {
      initial: "lasting",
      always: well,
      on: {
        repair: [
          { guard: costsThePicture, target: "clearing" },
          { guard: "hasNextStep", target: "acting" },
        ],
      },
      states: {
        lasting: { after: { [troubleLastsMs]: again } },
        /** Whether its picture is still there, and who else could carry it, the site knows. */
        consulting: {
          entry: "askToInterrupt",
          on: {
            mayInterrupt: "#encoder.repair.weighing",
            mayNotInterrupt: [
              { guard: not("hasNextStep"), target: "pending" },
              { guard: { type: "consents", params: "observe" }, target: "pending" },
              { target: "#encoder.repair.heldBack", actions: "noteHeldBack" },
            ],
            mayNotYet: "pending",
          },
        },
        pending: { always: turns, after: { [asksAgainMs]: "consulting" } },
      },
    },
    wondering: {
      entry: "askIfMissed",
      on: { missed: "deciding", notMissed: "expectedOff" },
    },
    /** Its owner may have switched it off for the night. */
    expectedOff: {
      always: well,
      on: { repair: "deciding" },
      after: { [minuteMs]: "wondering" },
    },
    deciding: {
      always: [
        ...turns,
        { guard: "mayCostAPicture", target: "watching.consulting" },
        { target: "weighing" },
      ],
    },
    weighing: {
      always: [
        { guard: "hasToRest", target: "resting" },
        { guard: "nothingIsLeft", target: "givenUp" },
        { guard: isTooHotToBoot, target: "coolingFirst" },
        { guard: { type: "consents", params: "observe" }, target: "observing" },
        { guard: { type: "consents", params: "propose" }, target: "proposing" },
        ...act,
      ],
    },
    coolingFirst: {
      entry: tell("coolsFirst"),
      always: [well, { guard: isCoolEnough, target: "deciding" }],
      // Of a box that does not answer nobody hears that it is cool.
      after: { [coolsWithinMs]: "deciding" },
    },
    /** Counts one step after the other, as if each had been taken and had not helped. */
    observing: {
      initial: "choosing",
      always: [well, ...turns],
      on: { repair: act },
      states: {
        choosing: {
          always: [
            { guard: "hasStepToCount", target: "counted" },
            { guard: "wouldRest", target: "resting" },
            { target: "givenUp" },
          ],
        },
        counted: {
          entry: [tell("wouldDo"), "countWouldHave"],
          after: { wouldShow: again },
        },
        resting: { after: { [budgetMs]: again } },
        givenUp: {
          after: {
            [triesAgainMs]: [
              { guard: "mayTryAgain", target: "#encoder.repair.deciding" },
              { target: "givenUp", reenter: true },
            ],
          },
        },
      },
    },
    proposing: {
      entry: ["noteAsked", tell("proposes")],
      always: [well, ...turns],
      on: { repair: act, rejectRepair: "rejected" },
      after: { proposalEnds: again },
    },
    rejected: {
      entry: tell("rejected"),
      always: [well, ...turns],
      on: { repair: act },
    },
    /** Its programme is taken off it first, where somebody can carry on. */
    clearing: {
      initial: "choosing",
      // Of a box that was relieved nobody hears any more what it suffered from.
      always: [
        { guard: "isRelieved", target: "acting" },
        { guard: "isWellOnAir", target: "well" },
        ...turns,
      ],
      states: {
        choosing: {
          // Whoever took over would send over the same uplink.
          always: [{ guard: isOfTheNetwork, target: "asking" }, { target: "relieving" }],
        },
        relieving: {
          entry: { type: "askForRelief", params: "repair" },
          after: { reliefWithin: "asking" },
        },
        asking: {
          entry: "askToInterrupt",
          on: {
            mayInterrupt: "#encoder.repair.acting",
            mayNotInterrupt: { target: "#encoder.repair.heldBack", actions: "noteHeldBack" },
          },
        },
      },
    },
    /** The step would cost a picture that is seen, or that may be there. */
    heldBack: {
      entry: tell("heldBack"),
      initial: "waiting",
      always: [well, ...turns, { guard: isRelievedOfStrain, target: "deciding" }],
      on: { repair: "acting" },
      states: {
        waiting: { after: { asksAgain: "asking" } },
        asking: {
          entry: "askToInterrupt",
          on: {
            mayInterrupt: "#encoder.repair.weighing",
            mayNotInterrupt: { target: "waiting", actions: "noteHeldBack" },
            mayNotYet: "waiting",
          },
        },
      },
    },
    resting: {
      entry: tell("rests"),
      always: [well, ...turns],
      on: { repair: { target: "deciding", actions: "forgetRepairs" } },
      after: { [budgetMs]: "deciding" },
    },
    acting: {
      initial: "choosing",
      entry: ["noteRepair", tell("does")],
      states: {
        choosing: {
          always: [
            { guard: lastLowered, target: "lowering" },
            { guard: lastRestarted, target: "restarting" },
            { guard: "wasRebootChosen", target: "rebooting" },
            { target: "cycling" },
          ],
        },
        lowering: {
          initial: "applying",
          states: {
            applying: {
              invoke: {
                src: "setLoad",
                input: loadOrder,
                onDone: [{ guard: isOnAir, target: "returning" }, { target: proving }],
                onError: { target: "#encoder.repair.deciding", actions: tell("failed") },
              },
            },
            ...comingBack(proving),
          },
        },
        restarting: {
          invoke: {
            src: "stopOutput",
            input: ({ context }: Context) => ({
              encoder: context.plan.id,
              output: failingOutput(context) ?? context.plan.outputs[0] ?? "",
              forgetKey: false,
            }),
            onDone: proving,
            onError: { target: "#encoder.repair.deciding", actions: tell("failed") },
          },
        },
        rebooting: {
          invoke: {
            src: "reboot",
            input: ({ context }: Context) => ({ encoder: context.plan.id }),
            onDone: booted,
            onError: { target: "#encoder.repair.deciding", actions: tell("failed") },
          },
        },
        cycling: {
          invoke: {
            src: "turnOutlet",
            input: ({ context: { plan } }: Context) => ({
              encoder: plan.id,
              outlet: plan.outlet?.id ?? "",
              to: "cycle" as const,
            }),
            onDone: booted,
            onError: { target: "#encoder.repair.deciding", actions: tell("failed") },
          },
        },
      },
    },
    proving: {
      initial: "waiting",
      after: { provesWithin: "deciding" },
      states: {
        waiting: {
          always: { guard: "isReady", target: "counting" },
          after: {
            [restartShowsMs]: { guard: lastRestarted, target: "#encoder.repair.deciding" },
          },
        },
        counting: {
          always: { guard: "isNotReady", target: "waiting" },
          after: { [minuteMs]: { target: "#encoder.repair.well", actions: tell("proven") } },
        },
      },
    },
    givenUp: {
      entry: [tell("givenUp"), "noteGivenUp"],
      initial: "resting",
      always: [well, ...turns],
      on: { repair: { target: "deciding", actions: "forgetRepairs" } },
      states: {
        resting: {
          after: {
            [triesAgainMs]: [
              { guard: "mayTryAgain", target: "#encoder.repair.deciding" },
              { target: "resting", reenter: true },
            ],
          },
        },
      },
    },
  },
} as const;

export const repairDelays = {
  proposalEnds: ({ context }: Context) => proposalMs(context.repairs),
  /** As long as what was counted would have been given to prove itself. */
  wouldShow: ({ context: { repairs } }: Context) => {
    const action = repairs.counted?.done.at(-1)?.action;
    if (action === "restart") return restartShowsMs;
    return provesWithinMs[action === "lowerLoad" ? "load" : "boot"];
  },
  provesWithin: (args: Context) => provesWithinMs[lastLowered(args) ? "load" : "boot"],
  asksAgain: ({ context }: Context) => (isStrain(context.repairs.trouble) ? minuteMs : asksAgainMs),
};
