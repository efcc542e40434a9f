/** Which GOP goes out next, and from whom. Pure: it looks at what is there and at the time. */
import type { Ticks } from "./frame.ts";
import type { Gop } from "./gop-store.ts";

/** The first GOP of an input that begins after the last picture sent. Times are the output's. */
export type Candidate = {
  input: string;
  gop: Gop;
  startPts: Ticks;
  /** DTS of the next keyframe; undefined while it has not come. */
  endDts: Ticks | undefined;
  /** When it should leave, ms. */
  dueMs: number;
  /** The output time that its clock does not tell. */
  wished?: Ticks;
  /** It came near damage, and may be damaged though it looks whole. */
  doubtful: boolean;
  /** More of it may come. */
  growing: boolean;
};

export type Choice = {
  /** Takes a GOP only when all of it is there. */
  wholeGops: boolean;
  /** Who was asked for, then who carries, then the order of the configuration. */
  ranks: (input: string) => number;
  /** May an input carry that does not, from this moment on? */
  mayTakeOver: boolean;
  selected: string | undefined;
  /** The input that people asked for, until it carries. */
  wanted: string | undefined;
  nowMs: number;
  /** How long a damaged or cut GOP waits for a better one, ms. */
  patienceMs: number;
  /** Times that differ by less are the same picture's. */
  toleranceTicks: Ticks;
};

export function chooseNext(candidates: Candidate[], c: Choice): Candidate | undefined {
  const good = candidates.filter((candidate) => isGood(candidate, c) && mayCarry(candidate, c));
  const best = clearOfDoubt(earliest(good, c), candidates, c);
  const poor = earliest(
    candidates.filter((candidate) => !candidate.growing && !good.includes(candidate)),
    c,
  );
  if (best && mayStillCome(candidates, best, c)) return undefined;
  if (poor === undefined) return best;
  // What nobody has in full is better than a hole.
  const onlyThere = best === undefined || poor.startPts < best.startPts - c.toleranceTicks;
  if (!onlyThere) return best;
  return c.nowMs >= poor.dueMs + c.patienceMs ? poor : undefined;
}

/** Who is in doubt leaves it to another that has the same in whole, even before it is due. */
function clearOfDoubt(
  best: Candidate | undefined,
  candidates: Candidate[],
  c: Choice,
): Candidate | undefined {
  if (!best?.doubtful || !c.wholeGops) return best;
  const isClear = (other: Candidate) =>
    !other.doubtful &&
    isGood(other, c) &&
    Math.abs(other.startPts - best.startPts) <= c.toleranceTicks;
  return candidates.find(isClear) ?? best;
}

/** Until the others' GOP is due, who was asked for has time to bring the same one in whole. */
function mayStillCome(candidates: Candidate[], best: Candidate, c: Choice): boolean {
  if (c.wanted === undefined || best.input === c.wanted || c.nowMs >= best.dueMs) return false;
  const asked = candidates.find(({ input }) => input === c.wanted);
  if (!asked?.growing || asked.gop.damaged) return false;
  return Math.abs(asked.startPts - best.startPts) <= c.toleranceTicks;
}

function isGood({ gop, endDts }: Candidate, { wholeGops }: Choice): boolean {
  return !gop.damaged && (!wholeGops || endDts !== undefined);
}

/** The carrier at any time; another when it is asked for, or when its whole GOP is due. */
function mayCarry({ input, dueMs }: Candidate, c: Choice): boolean {
  if (c.selected === undefined || input === c.selected || input === c.wanted) return true;
  return c.mayTakeOver && (!c.wholeGops || dueMs <= c.nowMs);
}

function earliest(candidates: Candidate[], c: Choice): Candidate | undefined {
  if (candidates.length === 0) return undefined;
  const start = Math.min(...candidates.map(({ startPts }) => startPts));
  return candidates
    .filter(({ startPts }) => startPts <= start + c.toleranceTicks)
    .sort((a, b) => pictures(b, a, c) || c.ranks(a.input) - c.ranks(b.input))[0];
}

/** Of two GOPs that play equally long, the one with more pictures has none missing. */
function pictures(a: Candidate, b: Candidate, c: Choice): number {
  if (a.endDts === undefined || b.endDts === undefined) return 0;
  if (Math.abs(a.endDts - b.endDts) > c.toleranceTicks) return 0;
  return a.gop.frames.length - b.gop.frames.length;
}
