/** How the repair of a box is seen from outside. */
import type { EncoderContext } from "./encoder.context.ts";
import type { EncoderRepair } from "./encoder.contract.ts";
import { timesIn } from "./dry-run.ts";
import { consentTo, isStrain, nextRepair, proposalEndsAtMs, troubles } from "./playbooks.ts";
import { loadWords, repairSentence } from "./repair-words.ts";

/** The value of the region `repair`. */
export type RepairValue = string | Record<string, unknown>;

const wordOf = (value: RepairValue): NonNullable<EncoderRepair["state"]> =>
  (typeof value === "string" ? value : Object.keys(value)[0]!) as EncoderRepair["state"];

export function repairState(context: EncoderContext, value: RepairValue): EncoderRepair {
  const { plan, repairs } = context;
  const state = wordOf(value);
  const hasNext = ["proposing", "observing", "rejected", "heldBack"].includes(state);
  const next = hasNext ? nextRepair(context) : undefined;
  const endsAtMs = state === "proposing" ? proposalEndsAtMs(repairs) : undefined;
  const isWell = state === "well" || state === "lowered";
  return {
    consent: isWell || repairs.trouble === null ? plan.repair : consentTo(plan, repairs.trouble),
    ...(plan.playbooks && {
      playbooks: Object.fromEntries(troubles.map((one) => [one, consentTo(plan, one)])),
    }),
    state,
    ...(!isWell && repairs.trouble !== null && { trouble: repairs.trouble }),
    ...(next && {
      next: next.action,
      // Whoever may be booted by itself has no picture any more.
      nextCostsPicture:
        next.interrupts &&
        context.holds.length > 0 &&
        (isStrain(repairs.trouble) || state === "heldBack"),
      ...(next.step !== undefined && { nextLoad: loadWords(context, next.step) }),
    }),
    ...(endsAtMs !== undefined && { proposalEndsAtMs: endsAtMs }),
    ...(repairs.loadStep !== undefined && { loadStep: repairs.loadStep }),
    ...(repairs.dryRun && {
      wouldHaveActed: { times: timesIn(repairs.dryRun), ...repairs.dryRun },
    }),
  };
}

export function repairWarnings(context: EncoderContext, value: RepairValue): string[] {
  const { plan, repairs } = context;
  switch (wordOf(value)) {
    case "proposing":
      return [repairSentence(context, "proposes")];
    case "rejected":
      return [repairSentence(context, "rejected")];
    case "givenUp":
      return [repairSentence(context, "givenUp")];
    case "heldBack":
      return [repairSentence(context, "heldBack")];
    case "resting":
      return [repairSentence(context, "rests")];
    case "acting":
      return [repairSentence(context, "does")];
    case "lowered":
      return [`works at ${loadWords(context, repairs.loadStep ?? 0)}, because of its last repair`];
    case "proving":
      return [`${plan.id} was repaired, and has to be ready for a minute`];
    default:
      return [];
  }
}
