/**
 * What is tried against each kind of trouble, in which order and how often: judgement only, the
 * region `repair` goes through with it.
 */
import type { Consent, CoolingStep, EncoderPlan, RepairAction } from "../site/plan.ts";
import type { Raised } from "../raised.ts";
import { elapsedMs, rebased, type Stamp } from "../time.ts";
import type { Trouble } from "./encoder.contract.ts";
import type { EncoderReading } from "./reading.ts";
import { type DryRun, dryRunSince, withWouldHave } from "./dry-run.ts";
import { interruptsBetween, loadStep } from "./load.ts";
import { outletRests } from "./power.ts";
import type { Heat } from "./thermal.ts";

/** Those of a picture that is still there; the others are of a box that does not work. */
export const isStrain = (trouble: Trouble | null): trouble is "overload" | "network" =>
  trouble === "overload" || trouble === "network";

/** The actions against each trouble, the mildest first. */
const playbooks: Record<Trouble, readonly RepairAction[]> = {
  unreachable: ["powerCycle"],
  failing: ["restart", "reboot", "powerCycle"],
  overload: ["lowerLoad"],
  network: ["lowerLoad"],
};
export const troubles = Object.keys(playbooks) as Trouble[];

/** What a step of its load has to lower to be of use. */
const relieves: Record<"overload" | "network", NonNullable<CoolingStep["lowers"]>> = {
  overload: ["requests", "effort", "frameRate", "size"],
  network: ["bitrate"],
};

/** One step of a playbook, as this box can take it. Absolute. */
export type RepairStep = {
  action: RepairAction;
  /** Of `lowerLoad`: the load to work at. */
  step?: number;
  /** The picture of a programme that it carries is lost for a moment. */
  interrupts: boolean;
};

/** What the region remembers. */
export type Repairs = {
  /** What was done and when, oldest first, as far as it counts against the budget. */
  done: { action: RepairAction; step?: number; interrupts?: true; at: Stamp }[];
  /** What it would have done; only while it may not. Journals from before it was counted have none. */
  dryRun?: DryRun;
  /** Of that, what was counted of late, and the load that it would work at in this trouble. */
  counted?: Pick<Repairs, "done" | "loadStep">;
  /** Why it is doing what it does, for people. */
  trouble: Trouble | null;
  /** It works at no more load than this step allows; absent: at what its heat allows. */
  loadStep?: number;
  /** Where it goes when it is given back. */
  givesBackTo?: number;
  /** When a repair was proposed last, and how often in this trouble. After a restart it is proposed anew. */
  askedAt?: Stamp;
  askedTimes?: number;
  /** Why the next step is not taken now. */
  heldBecause?: string;
  /** Its stream has started it again and again, and it brought no picture. */
  bringsNoPicture?: true;
  /** A person was called for this trouble already. */
  wasGivenUp?: true;
  /** When a person was called of late: the more often, the longer it has to be well. */
  calls?: Raised;
};

/** Where a restarted daemon picks up: what was done counts on. */
export function repairsSince(
  kept: Repairs | undefined,
  plan: Pick<EncoderPlan, "repair" | "playbooks">,
  now: Stamp,
): Repairs {
  const observes = troubles.some((trouble) => consentTo(plan, trouble) === "observe");
  const dryRun = dryRunSince(kept?.dryRun, observes ? "observe" : "act", now.wallMs);
  const since = (some: Repairs["done"]) =>
    some.map((one) => ({ ...one, at: rebased(one.at, now) }));
  const done = since(kept?.done ?? []);
  return {
    done,
    trouble: kept?.trouble ?? null,
    ...(kept?.loadStep !== undefined && { loadStep: kept.loadStep }),
    ...(dryRun && { dryRun }),
    ...(dryRun &&
      kept?.counted && { counted: { ...kept.counted, done: since(kept.counted.done) } }),
  };
}

/**
 * Of the first reading: it was found at less load than is remembered. A journal that was lost, or is
 * older, would have it asked for more again, in the middle of its picture.
 */
export function repairsFound(
  box: Pick<Repairable, "repairs" | "heat">,
  { loadStep: found = 0 }: EncoderReading,
): Repairs {
  return found > loadStep(box) ? { ...box.repairs, loadStep: found } : box.repairs;
}

/** What may be done about this trouble without a person. */
export const consentTo = (
  { repair, playbooks: own }: Pick<EncoderPlan, "repair" | "playbooks">,
  trouble: Trouble,
): Consent => own?.[trouble] ?? repair;

/** Three different steps in ten minutes, each once. */
export const budgetMs = 600_000;
const budgetSteps = 3;

export type Repairable = {
  plan: EncoderPlan;
  now: () => Stamp;
  /** As last read. */
  reading?: EncoderReading | undefined;
  holds: readonly string[];
  repairs: Repairs;
  heat: Heat;
  /** As last read: after a boot it does nothing on its own. */
  staysIdle: boolean;
  /** When its outlet was switched off, oldest first. */
  cuts: readonly Stamp[];
};

/** It may still have the key of a stream that another box carries, and would use it. */
export const wouldPublish = ({ plan, staysIdle }: Repairable) => plan.ownSelfStart && !staysIdle;

const lately = ({ repairs, now }: Repairable) =>
  repairs.done.filter(({ at }) => elapsedMs(at, now()) < budgetMs);

/** Of the playbook, what this box can do and was not done lately; the budget is not looked at. */
function stepsLeft(box: Repairable): RepairStep[] {
  const { trouble } = box.repairs;
  if (trouble === null) return [];
  const isDone = (action: RepairAction, step?: number) =>
    lately(box).some((one) => one.action === action && one.step === step);
  return playbooks[trouble].flatMap((action): RepairStep[] => {
    if (action === "lowerLoad") return isStrain(trouble) ? loadSteps(box, trouble) : [];
    if (action === "restart") {
      const isPossible = failingOutput(box) !== undefined && !isDone(action);
      return isPossible ? [{ action, interrupts: false }] : [];
    }
    const isPossible =
      box.plan.canRepair.includes(action) &&
      !wouldPublish(box) &&
      (action !== "powerCycle" || outletRests(box) === undefined);
    return isPossible && !isDone(action) ? [{ action, interrupts: true }] : [];
  });
}

/**
 * What a restart ends, on a box that carries nothing: whoever is granted a key starts it again. What
 * a stream gave the key to it starts again itself, five times in half a minute, and then each minute.
 */
export const failingOutput = ({ plan, reading, holds }: Repairable): string | undefined =>
  holds.length > 0
    ? undefined
    : plan.outputs.find((output) => reading?.outputs[output]?.state === "failing");

function loadSteps(box: Repairable, trouble: "overload" | "network"): RepairStep[] {
  const { cooling } = box.plan;
  const now = loadStep(box);
  return cooling.flatMap(({ lowers = [] }, at) => {
    const helps = lowers.some((what) => relieves[trouble].includes(what));
    const step = at + 1;
    return step > now && helps
      ? [{ action: "lowerLoad", step, interrupts: interruptsBetween(cooling, now, step) }]
      : [];
  });
}

/** The next step of the playbook that this box can do and that was not done lately. */
export const nextRepair = (box: Repairable): RepairStep | undefined =>
  isBudgetSpent(box) ? undefined : stepsLeft(box)[0];

const isBudgetSpent = (box: Repairable) => lately(box).length >= budgetSteps;

/** Something is left to try, and too much was tried lately. */
export const hasToRest = (box: Repairable): boolean =>
  isBudgetSpent(box) && stepsLeft(box).length > 0;

/** With the next step done now. */
export function withRepair(box: Repairable, { action, step, interrupts }: RepairStep): Repairs {
  const load = step !== undefined && { step, ...(interrupts && { interrupts }) };
  return {
    ...box.repairs,
    done: [...lately(box), { action, ...load, at: box.now() }],
    ...(load && { loadStep: load.step }),
  };
}

/** The box as it would be, had it been allowed what was counted: a trouble is counted as it is treated. */
export const asCounted = <B extends Repairable>(box: B): B => {
  const { counted, ...repairs } = box.repairs;
  if (!counted) return box;
  const load = Math.max(repairs.loadStep ?? 0, counted.loadStep ?? 0);
  return {
    ...box,
    repairs: {
      ...repairs,
      done: [...repairs.done, ...counted.done],
      ...(load > 0 && { loadStep: load }),
    },
  };
};

/** With the next step counted now. */
export function withCounted(box: Repairable): Repairs {
  const next = nextRepair(asCounted(box));
  if (!next) return box.repairs;
  const { action, step } = next;
  const dryRun = withWouldHave(box.repairs.dryRun, action, box.now().wallMs);
  const before = box.repairs.counted?.done ?? [];
  const done = before.filter(({ at }) => elapsedMs(at, box.now()) < budgetMs);
  const load = step === undefined ? {} : { step };
  return {
    ...box.repairs,
    ...(dryRun && { dryRun }),
    counted: {
      ...box.repairs.counted,
      done: [...done, { action, ...load, at: box.now() }],
      ...(step !== undefined && { loadStep: step }),
    },
  };
}

/** Of a new trouble nothing was asked yet, and its load is what it is. */
export function withTrouble(repairs: Repairs, trouble: Trouble): Repairs {
  const { askedTimes: _, counted, ...rest } = repairs;
  return { ...rest, trouble, ...(counted && { counted: { done: counted.done } }) };
}

const longestProposalMs = 4 * 3_600_000;
/** A proposal is good for so long; the next one, of the same trouble, twice as long. */
export const proposalMs = ({ askedTimes = 1 }: Pick<Repairs, "askedTimes">): number =>
  Math.min(longestProposalMs, budgetMs * 2 ** (askedTimes - 1));

/** When the proposal that stands now is over, Unix ms. */
export const proposalEndsAtMs = (repairs: Repairs): number | undefined =>
  repairs.askedAt && repairs.askedAt.wallMs + proposalMs(repairs);
