/** What the region `repair` tells, in words for people. */
import {
  asCounted,
  isStrain,
  nextRepair,
  proposalMs,
  type RepairStep,
  type Repairable,
  wouldPublish,
} from "./playbooks.ts";
import type { Trouble } from "./encoder.contract.ts";
import type { RepairAction } from "../site/plan.ts";
import { timesIn } from "./dry-run.ts";

export type RepairNews =
  | "proposes"
  | "rejected"
  | "wouldDo"
  | "coolsFirst"
  | "does"
  | "proven"
  | "givenUp"
  | "failed"
  | "heldBack"
  | "rests"
  | "givesBack";

const troubleWords: Record<Trouble, string> = {
  unreachable: "does not answer",
  failing: "says its output is failing",
  overload: "does not keep up with its programme",
  network: "makes more than its network takes",
};
/** What a person can do where the playbook is at its end. */
const hints: Record<Trouble, string> = {
  unreachable: "look at its power, its cable and its switch",
  failing: "look at its own page, at its settings and at what the far end says",
  overload: "take work off it, lower its bit rate, size or preset, or fail over to another host",
  network: "look who else uses the uplink, or lower its bit rate",
};
const actionWords: Record<Exclude<RepairAction, "lowerLoad">, string> = {
  restart: "a restart of it",
  reboot: "a reboot",
  powerCycle: "a power cycle",
};

/** `a reboot`, `less load (80 % of its bitrate)`. */
export const stepWords = (
  { plan }: Pick<Repairable, "plan">,
  { action, step = 0 }: Pick<RepairStep, "action" | "step">,
): string => (action === "lowerLoad" ? loadWords({ plan }, step) : actionWords[action]);

/** `full load`, or `less load (80 % of its bitrate)`. */
export function loadWords({ plan }: Pick<Repairable, "plan">, step: number): string {
  const what = plan.cooling[step - 1]?.what;
  return what === undefined ? "full load" : `less load (${what})`;
}

/** `40 min`, `2 h 40 min`. */
function lengthWords(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [...(hours > 0 ? [`${hours} h`] : []), ...(rest > 0 ? [`${rest} min`] : [])].join(" ");
}

/** What a step on air costs. */
function cost({ holds }: Repairable, { interrupts }: RepairStep, trouble: Trouble | null): string {
  // Without a strain, its programme is off air already.
  if (!interrupts || holds.length === 0 || !isStrain(trouble)) return "";
  return trouble === "network"
    ? ", which costs its picture for a moment"
    : ", which costs its picture for a moment where no understudy can take over first";
}

export function repairSentence(context: Repairable, what: RepairNews): string {
  const { plan, repairs, heat, holds } = context;
  const { trouble } = repairs;
  const word = trouble === null ? "" : troubleWords[trouble];
  const isStarted = trouble === "failing" && repairs.bringsNoPicture === true;
  const troubled = `${plan.id} ${isStarted ? "brings no picture" : word}`;
  const next = nextRepair(what === "wouldDo" ? asCounted(context) : context);
  const action = next ? stepWords(context, next) : "nothing more";
  const last = repairs.done.at(-1);
  const done = last ? stepWords(context, last) : "the repair";
  switch (what) {
    case "proposes":
      return `${troubled}: ${action} is proposed${next ? cost(context, next, trouble) : ""}, say yes within ${lengthWords(proposalMs(repairs))}`;
    case "rejected":
      return `${troubled}: no to ${action}; it stays as it is until a person asks for a repair`;
    case "wouldDo":
      return `${troubled}: would have done ${action} (${(repairs.dryRun ? timesIn(repairs.dryRun) : 0) + 1} times so far), and may not`;
    case "coolsFirst":
      return `${troubled}, at ${heat.samples.at(-1)?.celsius} °C: ${action} waits until it has cooled`;
    case "does":
      return `${troubled}: ${done} is under way`;
    case "failed":
      return `${plan.id}: ${done} did not work`;
    case "proven":
      if (last?.action !== "lowerLoad")
        return holds.length > 0
          ? `${plan.id} is repaired: it has carried its programme again for a minute`
          : `${plan.id} is repaired: it has been ready for a minute, and is back in the pool`;
      return `${plan.id} is well at ${done}; it is given back when 10 min have been calm`;
    case "givesBack":
      return `${plan.id} has been calm for 10 min: it works at ${loadWords({ plan }, repairs.loadStep ?? 0)} again`;
    case "heldBack":
      return isStrain(trouble)
        ? `${troubled}: ${action} would cost its picture, and ${repairs.heldBecause}; say yes (repair) to do it all the same`
        : `${troubled}: ${action} waits, ${repairs.heldBecause}; say yes (repair) to do it all the same`;
    case "rests":
      return `${troubled} still: three steps were taken in 10 min, the next waits so long`;
    case "givenUp":
      if (isStrain(trouble))
        return `${troubled}${holds.length > 0 ? "" : " when it carries"}, and nothing is left to try by itself: ${hints[trouble]}`;
      if (wouldPublish(context))
        return `${troubled}, and could publish by itself after a boot: it needs a person`;
      return `${troubled}, and nothing is left to try: it needs a person${trouble ? `; ${hints[trouble]}` : ""}`;
  }
}
