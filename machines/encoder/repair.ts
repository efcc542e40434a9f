/**
 * The region of an encoder that repairs it while it carries nothing: one step after the other, each
 * only once in ten minutes, and after each a minute in which it has to prove itself. A box that
 * carries a programme is never touched here: its stream takes over first (see the stream machine).
 */
import type { EncoderPlan, RepairAction } from "../site/plan.ts";
import { elapsedMs, rebased, type Stamp } from "../time.ts";
import { type DryRun, dryRunSince, timesIn } from "./dry-run.ts";
import { isCool, isHot } from "./heat.ts";
import type { EncoderReading } from "./reading.ts";
import type { Heat } from "./thermal.ts";

const minuteMs = 60_000;
/** A trouble that goes away by itself in this time is none. */
const troubleLastsMs = 30_000;
/** A box boots for so long at most, and then has to be ready for a minute. */
const provesWithinMs = 4 * minuteMs;
/** A box that fell silent while it was hot has cooled by then, as far as it will. */
const coolsWithinMs = 10 * minuteMs;

/** What is wrong with it, as a class that a playbook is written for. */
export type Trouble = "unreachable" | "failing";

/** The steps against each trouble, the mildest first. All of them interrupt. */
const playbooks: Record<Trouble, readonly RepairAction[]> = {
  unreachable: ["powerCycle"],
  failing: ["reboot", "powerCycle"],
};

/** What the region remembers. */
export type Repairs = {
  /** What was done and when, oldest first, as far as it counts against the budget. */
  done: { action: RepairAction; at: Stamp }[];
  /** What it would have done; only while it may not. Journals from before it was counted have none. */
  dryRun?: DryRun;
  /** Why it is doing what it does, for people. */
  trouble: Trouble | null;
  /** When a repair was proposed last. After a restart it is proposed anew. */
  askedAt?: Stamp;
};

/** Where a restarted daemon picks up: what was done counts on. */
export function repairsSince(
  kept: Repairs | undefined,
  { repair }: Pick<EncoderPlan, "repair">,
  now: Stamp,
): Repairs {
  const dryRun = dryRunSince(kept?.dryRun, repair, now.wallMs);
  const done = kept?.done.map(({ action, at }) => ({ action, at: rebased(at, now) })) ?? [];
  return { done, trouble: kept?.trouble ?? null, ...(dryRun && { dryRun }) };
}

/** Three different steps in ten minutes, each once. */
const budgetMs = 10 * minuteMs;

/** When the proposal that stands now is over, Unix ms. */
export const proposalEndsAtMs = ({ askedAt }: Repairs): number | undefined =>
  askedAt && askedAt.wallMs + budgetMs;

export type Repaired = {
  plan: EncoderPlan;
  now: () => Stamp;
  reading: EncoderReading | undefined;
  holds: readonly string[];
  repairs: Repairs;
  heat: Heat;
  /** As last read: after a boot it does nothing on its own. */
  staysIdle: boolean;
};

/** It may still have the key of a stream that another box carries, and would use it. */
const wouldPublish = ({ plan, staysIdle }: Repaired) => plan.ownSelfStart && !staysIdle;

/** The next step of the playbook that this box can do and that was not done lately. */
export function nextRepair(box: Repaired): RepairAction | undefined {
  const { plan, now, repairs } = box;
  if (repairs.trouble === null || wouldPublish(box)) return undefined;
  const lately = repairs.done.filter(({ at }) => elapsedMs(at, now()) < budgetMs);
  return playbooks[repairs.trouble].find(
    (action) => plan.canRepair.includes(action) && !lately.some((done) => done.action === action),
  );
}

export function withRepair({ repairs, now }: Repaired, action: RepairAction): Repairs {
  const counting = repairs.done.filter(({ at }) => elapsedMs(at, now()) < budgetMs);
  return { ...repairs, done: [...counting, { action, at: now() }] };
}

/** A boot is a box's hottest minute: one that hangs from heat would only hang again. */
const isCoolEnough = ({ context: { heat, plan, now } }: { context: Repaired }) => {
  const last = heat.samples.at(-1);
  return !last || isCool(heat.samples, plan.heat) || elapsedMs(last.at, now()) >= coolsWithinMs;
};
const isTooHotToBoot = ({ context }: { context: Repaired }) =>
  isHot(context.heat.samples, context.plan.heat) && !isCoolEnough({ context });

const troubleWords: Record<Trouble, string> = {
  unreachable: "does not answer",
  failing: "says its output is failing",
};
const actionWords: Record<RepairAction, string> = {
  reboot: "a reboot",
  powerCycle: "a power cycle",
};

export function repairSentence(
  context: Repaired,
  what:
    "proposes" | "rejected" | "wouldDo" | "coolsFirst" | "does" | "proven" | "givenUp" | "failed",
): string {
  const { plan, repairs, heat } = context;
  const trouble = repairs.trouble === null ? "" : troubleWords[repairs.trouble];
  const next = nextRepair(context);
  const action = next ? actionWords[next] : "nothing more";
  const last = repairs.done.at(-1);
  switch (what) {
    case "proposes":
      return `${plan.id} ${trouble}: ${action} is proposed, say yes within 10 min`;
    case "rejected":
      return `${plan.id} ${trouble}: no to ${action}; it stays as it is until a person asks for a repair`;
    case "wouldDo":
      return `${plan.id} ${trouble}: would have done ${action} (${(repairs.dryRun ? timesIn(repairs.dryRun) : 0) + 1} times so far), and may not`;
    case "coolsFirst":
      return `${plan.id} ${trouble}, at ${heat.samples.at(-1)?.celsius} °C: ${action} waits until it has cooled`;
    case "does":
      return `${plan.id} ${trouble}: ${last ? actionWords[last.action] : ""} is under way`;
    case "failed":
      return `${plan.id}: ${last ? actionWords[last.action] : "the repair"} did not work`;
    case "proven":
      return `${plan.id} is repaired: it has been ready for a minute, and is back in the pool`;
    case "givenUp":
      return wouldPublish(context)
        ? `${plan.id} ${trouble}, and could publish by itself after a boot: it needs a person`
        : `${plan.id} ${trouble}, and nothing is left to try: it needs a person`;
  }
}

const well = { guard: "isWell", target: "well" } as const;
const begins = (trouble: Trouble) =>
  ({ target: "watching", actions: { type: "noteTrouble", params: trouble } }) as const;
const tell = (what: Parameters<typeof repairSentence>[1]) =>
  ({ type: "tellRepair", params: what }) as const;

/** Nobody misses a box that is off while none of its programmes is expected on air. */
const again = [{ guard: "isGone", target: "wondering" }, { target: "deciding" }] as const;

export const repair = {
  initial: "well",
  states: {
    well: {
      always: [
        { guard: "isGone", ...begins("unreachable") },
        { guard: "isFailing", ...begins("failing") },
      ],
    },
    watching: {
      always: well,
      after: { [troubleLastsMs]: again },
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
        { guard: "nothingIsLeft", target: "givenUp" },
        { guard: isTooHotToBoot, target: "coolingFirst" },
        { guard: { type: "consents", params: "observe" }, target: "observing" },
        { guard: { type: "consents", params: "propose" }, target: "proposing" },
        { target: "acting" },
      ],
    },
    coolingFirst: {
      entry: tell("coolsFirst"),
      always: [well, { guard: isCoolEnough, target: "deciding" }],
      // Of a box that does not answer nobody hears that it is cool.
      after: { [coolsWithinMs]: "deciding" },
    },
    observing: {
      entry: [tell("wouldDo"), "countWouldHave"],
      always: well,
      on: { repair: "acting" },
      after: { [budgetMs]: again },
    },
    proposing: {
      entry: ["noteAsked", tell("proposes")],
      always: well,
      on: { repair: "acting", rejectRepair: "rejected" },
      after: { [budgetMs]: again },
    },
    rejected: {
      entry: tell("rejected"),
      always: well,
      on: { repair: "acting" },
    },
    acting: {
      initial: "choosing",
      entry: ["noteRepair", tell("does")],
      states: {
        choosing: {
          always: [{ guard: "wasRebootChosen", target: "rebooting" }, { target: "cycling" }],
        },
        rebooting: {
          invoke: {
            src: "reboot",
            input: ({ context }: { context: Repaired }) => ({ encoder: context.plan.id }),
            onDone: "#encoder.repair.proving",
            onError: { target: "#encoder.repair.deciding", actions: tell("failed") },
          },
        },
        cycling: {
          invoke: {
            src: "turnOutlet",
            input: ({ context: { plan } }: { context: Repaired }) => ({
              encoder: plan.id,
              outlet: plan.outlet?.id ?? "",
              to: "cycle" as const,
            }),
            onDone: "#encoder.repair.proving",
            onError: { target: "#encoder.repair.deciding", actions: tell("failed") },
          },
        },
      },
    },
    proving: {
      initial: "waiting",
      after: { [provesWithinMs]: "deciding" },
      states: {
        waiting: { always: { guard: "isReady", target: "counting" } },
        counting: {
          always: { guard: "isNotReady", target: "waiting" },
          after: { [minuteMs]: { target: "#encoder.repair.well", actions: tell("proven") } },
        },
      },
    },
    givenUp: {
      entry: tell("givenUp"),
      always: well,
      on: { repair: { target: "deciding", actions: "forgetRepairs" } },
    },
  },
} as const;
