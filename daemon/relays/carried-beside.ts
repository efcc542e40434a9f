/** What one encoder of a stream brings with its pictures and another does not, where nobody said what has to. */
import type { Carried, CarryPlan } from "../../machines/content/carried.ts";
import type { RelayReport } from "../../machines/stream/relay-protocol.ts";

export const besides = ["captions", "activeFormat", "scan"] as const;
export type Beside = (typeof besides)[number];
/** Those that `carry` asks for: what lacks them is told by that. */
export const askedFor = (plan: CarryPlan): Beside[] =>
  besides.filter((what) => plan[what] !== undefined);

/**
 * Captions come and go with the programme, by films and by breaks, and no two encoders are at the
 * same picture: told is what another had for a minute in all while this one had none. A pause
 * between two sentences, a break and a switch are shorter, or both have none in them.
 */
const apartMs = 60_000;
/** So long the others have had none either: there may be none in the programme any more. */
const overAfterMs = 600_000;
/** Between two reports nothing is known. */
const mostBetweenMs = 10_000;

type Input = Pick<RelayReport["inputs"][number], "id" | "carried">;
type Apart = { words: string; sumMs: number; lastMs: number };

/** Of each report, of each input of it, in words. */
export function besideFinder(): (
  inputs: readonly Input[],
  id: string,
  asked: readonly Beside[],
  nowMs: number,
) => string[] {
  const known = new Map<string, Apart>();
  const seenAtMs = new Map<string, number>();
  return (inputs, id, asked, nowMs) => {
    const own = inputs.find((it) => it.id === id)?.carried;
    const others = inputs.flatMap((it) =>
      it.carried && it.id !== id ? [{ id: it.id, carried: it.carried }] : [],
    );
    const passedMs = Math.min(nowMs - (seenAtMs.get(id) ?? nowMs), mostBetweenMs);
    if (own && others.length > 0) seenAtMs.set(id, nowMs);
    else seenAtMs.delete(id);
    return besides.flatMap((what) => {
      if (asked.includes(what)) return [];
      const key = `${id} ${what}`;
      const before = known.get(key);
      const other = own && others.find(({ carried }) => isApart(what, own, carried));
      if (own && other) {
        const words = wordsOf(what, own, other);
        known.set(key, { words, sumMs: (before?.sumMs ?? 0) + passedMs, lastMs: nowMs });
      } else if (before && own && isOver(what, own, others.length, nowMs - before.lastMs)) {
        known.delete(key);
      }
      const apart = known.get(key);
      return apart && apart.sumMs >= apartMs ? [apart.words] : [];
    });
  };
}

const isApart = (what: Beside, own: Carried, other: Carried): boolean =>
  what === "scan" ? own.scan !== other.scan : !own[what] && other[what];

/** It is as the others are, or has it again. */
const isOver = (what: Beside, own: Carried, others: number, sinceMs: number): boolean =>
  (what === "scan" ? others > 0 : own[what]) || sinceMs > overAfterMs;

type Other = { id: string; carried: Carried };
const wordsOf = (what: Beside, own: Carried, { id, carried }: Other): string =>
  ({
    captions: `no captions, and ${id} has some`,
    activeFormat: `no active format, and ${id} has one`,
    scan: `${own.scan} pictures, and ${id} ${carried.scan} ones`,
  })[what];
