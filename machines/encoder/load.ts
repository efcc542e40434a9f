/**
 * At which of the steps that its driver declares a box works: 0 is full load. Its heat and its
 * playbooks may each want less of it; the lower load wins, and what is told to the box is absolute.
 */
import type { CoolingStep, EncoderPlan } from "../site/plan.ts";

type Loaded = {
  plan: EncoderPlan;
  heat: { step: number };
  repairs: { loadStep?: number };
};

export const loadStep = ({ heat, repairs }: Omit<Loaded, "plan">): number =>
  Math.max(heat.step, repairs.loadStep ?? 0);

/** What the machine asks of the driver. */
export const loadOrder = ({ context }: { context: Loaded }) => ({
  encoder: context.plan.id,
  step: loadStep(context),
});

/** Going from one step to another, up or down, costs the picture. */
export function interruptsBetween(
  cooling: readonly CoolingStep[],
  from: number,
  to: number,
): boolean {
  return cooling.slice(Math.min(from, to), Math.max(from, to)).some((step) => step.interrupts);
}

/**
 * Its stream was stopped for another load and started again: a hole of our own making, from its own
 * word to the far end's picture.
 */
export const comingBack = <T extends string>(rests: T) =>
  ({
    returning: {
      on: { reading: { guard: "isBack", target: "settling" } },
      after: { grace: rests },
    },
    settling: { after: { untilSeen: rests } },
  }) as const;
