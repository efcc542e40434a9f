/** The same measured with and without something that must not matter: both see the same machine. */
import { kill, until } from "../e2e/facility.ts";
import { type Drill, monoMs } from "./drill.ts";
import { type Figure, figure, quantile } from "./figure.ts";
import type { RelayedDrill } from "./relayed-drill.ts";

/** What is laid over every other measurement. */
export type Condition = { begin: () => Promise<void>; end: () => Promise<void> };
/** What is measured, and what puts all in order again before the next. */
export type Measured = { measure: () => Promise<number>; settle: () => Promise<void> };
export type InTurn = { plain: number[]; under: number[] };

export async function inTurn(
  pairs: number,
  { measure, settle }: Measured,
  condition: Condition,
): Promise<InTurn> {
  const found: InTurn = { plain: [], under: [] };
  for (let pair = 0; pair < pairs; pair++) {
    found.plain.push(await measure());
    await settle();
    await condition.begin();
    try {
      found.under.push(await measure());
    } finally {
      await condition.end();
    }
    await settle();
  }
  return found;
}

/** P3: the longest time without a picture. Not what it is beyond the usual one: that may be 0. */
export const gapOf = (drill: RelayedDrill): Measured => ({
  measure: async () => (await drill.strike("kill")).longestMs,
  settle: () => drill.untilHot(),
});

/** P1: from the end of the carrier's process to the takeover command. */
export function commandOf(drill: Drill): Measured {
  let seq = 0;
  return {
    async measure() {
      const carrier = await drill.facility.untilOnAir();
      seq = drill.lastSeq();
      const killedMs = monoMs();
      kill(drill.facility.enginePid(carrier));
      const launch = await until(
        "the takeover command",
        () => drill.commands("launch", killedMs)[0],
      );
      await drill.facility.untilOnAir();
      return launch.monoMs - killedMs;
    },
    async settle() {
      await drill.incident(seq);
    },
  };
}

/** @param share of the samples that are at most so long */
export function compared(
  id: string,
  { plain, under }: InTurn,
  share: number,
  p: { what: string; ratioAtMost?: number },
): Figure {
  return figure({
    ...{ id, unit: "ms", value: quantile(under, share) },
    against: { what: p.what, value: quantile(plain, share) },
    ...(p.ratioAtMost !== undefined && { goal: { ratioAtMost: p.ratioAtMost } }),
  });
}
