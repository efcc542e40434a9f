/**
 * Which event comes next. Events of a site are contiguous within an epoch, so anything else is
 * either a duplicate or a gap that the site is asked to fill. Pure: time is handed in.
 */
import type { Mark } from "../store/store.ts";

export type Verdict =
  | { word: "next" }
  | { word: "duplicate" }
  | { word: "gap" }
  /** The site cannot send `fromSeq`…`toSeq` again; this event is the oldest it still has. */
  | { word: "lost"; fromSeq: number; toSeq: number };

/** At most one replay request a site in this time. */
const replayEveryMs = 2_000;
const slowestReplayMs = 60_000;
/** After so many unanswered requests the oldest event that did arrive is where we go on. */
const triesBeforeLoss = 3;

type Epoch = {
  /** Highest contiguous `seq` taken. */
  taken: number;
  /** Highest `seq` known to exist, from any message. */
  head: number;
  /** Messages on the event topic that could not even be numbered, since the last one taken. */
  unreadable: number;
  /** Replay requests since the last event taken. */
  tries: number;
  askedAtMs: number;
  waitMs: number;
  /** When `taken` last moved, or when we learned that there is more. */
  movedAtMs: number;
  /** Oldest event beyond the gap seen since the gap opened. */
  oldestBeyond: number;
};

export type Sequence = {
  /** @param standsFrom this event stands for all from there, which the site has given up */
  take(site: string, epoch: string, seq: number, nowMs: number, standsFrom?: number): Verdict;
  /** A message came on the event topic that has no readable number. */
  unreadable(site: string, epoch: string): void;
  /** Something (a birth, a state) says that events up to `seq` exist. */
  known(site: string, epoch: string, seq: number, nowMs: number): void;
  taken(site: string, epoch: string): number;
  /** The `seq` to ask a replay from, if one is due now. */
  dueReplay(site: string, epoch: string, nowMs: number): number | undefined;
};

export function openSequence(marks: Mark[]): Sequence {
  const epochs = new Map<string, Epoch>();
  const key = (site: string, epoch: string) => `${site}/${epoch}`;
  for (const mark of marks) epochs.set(key(mark.site, mark.epoch), freshEpoch(mark.seq));

  function of(site: string, epoch: string): Epoch {
    const found = epochs.get(key(site, epoch));
    if (found) return found;
    const made = freshEpoch(0);
    epochs.set(key(site, epoch), made);
    return made;
  }
  function advance(state: Epoch, seq: number, nowMs: number): void {
    const { head, askedAtMs } = state;
    const movedAtMs = nowMs;
    Object.assign(state, freshEpoch(seq), { head: Math.max(head, seq), askedAtMs, movedAtMs });
  }
  function raise(state: Epoch, seq: number, nowMs: number): void {
    if (seq <= state.head) return;
    if (state.head === state.taken) state.movedAtMs = nowMs;
    state.head = seq;
  }

  return {
    take: (site, epoch, seq, nowMs, standsFrom) => {
      const state = of(site, epoch);
      if (seq <= state.taken) return { word: "duplicate" };
      raise(state, seq, nowMs);
      const missing = seq - state.taken - 1;
      if (missing <= state.unreadable) {
        advance(state, seq, nowMs);
        return { word: "next" };
      }
      const fromSeq = state.taken + 1;
      const explained = standsFrom !== undefined && standsFrom <= fromSeq;
      state.oldestBeyond = Math.min(state.oldestBeyond, seq);
      if (!explained && (state.tries <= triesBeforeLoss || seq > state.oldestBeyond)) {
        return { word: "gap" };
      }
      advance(state, seq, nowMs);
      // A note has taken the place of the last event that it stands for.
      return { word: "lost", fromSeq, toSeq: explained ? seq : seq - 1 };
    },
    unreadable: (site, epoch) => {
      of(site, epoch).unreadable += 1;
    },
    known: (site, epoch, seq, nowMs) => raise(of(site, epoch), seq, nowMs),
    taken: (site, epoch) => of(site, epoch).taken,
    dueReplay: (site, epoch, nowMs) => {
      const state = of(site, epoch);
      if (state.head <= state.taken) return undefined;
      // A state can overtake the events it includes, so only a seen gap is a gap at once.
      const certain = Number.isFinite(state.oldestBeyond);
      if (!certain && nowMs - state.movedAtMs < replayEveryMs) return undefined;
      if (nowMs - state.askedAtMs < state.waitMs) return undefined;
      state.askedAtMs = nowMs;
      state.tries += 1;
      // A site that stays silent is asked less and less often.
      if (state.tries > triesBeforeLoss) {
        state.waitMs = Math.min(state.waitMs * 2, slowestReplayMs);
      }
      return state.taken + 1;
    },
  };
}

function freshEpoch(taken: number): Epoch {
  return {
    taken,
    head: taken,
    unreadable: 0,
    tries: 0,
    askedAtMs: Number.NEGATIVE_INFINITY,
    waitMs: replayEveryMs,
    movedAtMs: Number.NEGATIVE_INFINITY,
    oldestBeyond: Number.POSITIVE_INFINITY,
  };
}
