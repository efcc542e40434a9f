/**
 * When a programme is expected on air. The daemon works out the windows by calendar and time zone;
 * here they are stretches of Unix time, and only the stamp of an input says what time it is.
 */
import { type Deadline, deadlineIn, leftMs, rebased, type Stamp } from "../time.ts";
import type { LineUp } from "./line-up.contract.ts";
import type { WindowRule } from "./schedule.contract.ts";

/** `command`: by a person or a program, over the hub. */
export type WindowOrigin = "configuration" | "calendar" | "command";

/** One stretch of time in which the programme is expected on air. */
export type OnAirWindow = {
  /** The rule it comes from, and its start: the same window has the same id over every look. */
  id: string;
  name?: string;
  startMs: number;
  endMs: number;
  /** Who planned it. Absent: a journal from before it was told. */
  from?: WindowOrigin;
};

/** `always`: no windows are planned. `frozen` and `lineUp`: before the begin. */
export const phases = ["always", "off", "frozen", "lineUp", "on"] as const;
export type Phase = (typeof phases)[number];

export type EventPlan = {
  /** Put it on air when a window begins. */
  startAtBegin: boolean;
  /** Take it off air when a window ends. */
  stopAtEnd: boolean;
  /** Not on air for so long after the begin: a person is called. */
  missedAfterMs: number;
  lineUpBeforeMs: number;
  freezeBeforeMs: number;
};

/** A person starts and ends it, and is called when it does not come. */
export const defaultEventPlan: EventPlan = {
  startAtBegin: false,
  stopAtEnd: false,
  missedAfterMs: 30_000,
  lineUpBeforeMs: 15 * 60_000,
  freezeBeforeMs: 30 * 60_000,
};

export type Schedule = {
  phase: Phase;
  /** Those that matter now, by their start; null = always on air. */
  windows: readonly OnAirWindow[] | null;
  /** The one under way or coming. */
  window: OnAirWindow | null;
  /** When the one under way began, as far as was seen. */
  began: Stamp | null;
  /** And when it ends, also by the clock that does not jump. */
  ends: Deadline | null;
  /** What came of the begin of a window, by its id. */
  start: { window: string; word: "there" | "missed" } | null;
  lineUp: LineUp | null;
  /** Windows asked for by command: the daemon expands them as it does the configured ones. */
  rules: readonly WindowRule[];
};

export const noSchedule: Schedule = {
  phase: "always",
  windows: null,
  window: null,
  began: null,
  ends: null,
  start: null,
  lineUp: null,
  rules: [],
};

/** The phase at this moment of the wall clock, and the window it is about. */
export function phaseAt(
  windows: readonly OnAirWindow[] | null,
  wallMs: number,
  plan: Pick<EventPlan, "lineUpBeforeMs" | "freezeBeforeMs">,
): { phase: Phase; window: OnAirWindow | null } {
  if (windows === null) return { phase: "always", window: null };
  const underWay = windows.filter((w) => w.startMs <= wallMs && wallMs < w.endMs);
  const last = underWay.toSorted((a, b) => b.endMs - a.endMs)[0];
  if (last) return { phase: "on", window: last };
  const next = windows.filter((w) => w.startMs > wallMs).toSorted(byStart)[0];
  if (!next) return { phase: "off", window: null };
  const inMs = next.startMs - wallMs;
  if (inMs <= plan.lineUpBeforeMs) return { phase: "lineUp", window: next };
  return { phase: inMs <= plan.freezeBeforeMs ? "frozen" : "off", window: next };
}
const byStart = (a: OnAirWindow, b: OnAirWindow) => a.startMs - b.startMs;

/** Clocks are slewed by seconds in a long window; more than this is a jump. */
const jumpMs = 60_000;

/**
 * The windows as they are now. A window that only a jump of the wall clock would end stays open
 * while the picture is on air, until its time is over by the clock that does not jump: a wrong
 * clock must not take the protection off a programme that is running.
 */
export function withWindows(
  before: Schedule,
  windows: readonly OnAirWindow[] | null,
  p: { now: Stamp; plan: EventPlan; isOnAir: boolean },
): Schedule {
  const { phase, window } = phaseAt(windows, p.now.wallMs, p.plan);
  const held = before.phase === "on" && phase !== "on" && phase !== "always" && p.isOnAir;
  const left = leftMs(before.ends ?? undefined, p.now);
  const isStillPlanned = windows?.some((w) => isSame(w, before.window)) ?? false;
  if (held && isStillPlanned && left > jumpMs) return { ...before, windows };
  const isNew = window?.id !== before.window?.id;
  const hasBegun = phase === "on" && (before.phase !== "on" || isNew);
  return {
    ...before,
    phase,
    windows,
    window,
    began: phase !== "on" ? null : hasBegun ? p.now : before.began,
    ends:
      phase !== "on" || window === null
        ? null
        : hasBegun || window.endMs !== before.window?.endMs
          ? deadlineIn(window.endMs - p.now.wallMs, p.now)
          : before.ends,
    lineUp: isNew ? null : before.lineUp,
  };
}

const isSame = (a: OnAirWindow, b: OnAirWindow | null) => a.id === b?.id && a.endMs === b.endMs;

/** Outside its windows nobody misses it. */
export const isExpected = ({ phase }: Schedule): boolean => phase === "on" || phase === "always";

/** Moments of an earlier boot, in the clock of this one. */
export function rebasedSchedule(kept: Schedule | undefined, now: Stamp): Schedule {
  if (!kept) return noSchedule;
  return { ...kept, began: kept.began && rebased(kept.began, now) };
}
