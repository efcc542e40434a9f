/** Works out, by the wall clock, when each stream is expected on air, and tells its machine. */
import {
  defaultEventPlan,
  type EventPlan,
  type OnAirWindow,
  type Phase,
  phaseAt,
  type Schedule,
  type WindowOrigin,
} from "../../machines/stream/schedule.ts";
import type { WindowRule } from "../../machines/stream/schedule.contract.ts";
import { watchCalendar } from "./calendar-file.ts";
import { type Span, windowsOf } from "./windows.ts";

/** What a stream's configuration says of its windows. */
export type EventsConfig = { rules: readonly WindowRule[]; calendar?: CalendarAt };

export type CalendarAt = { file: string; zone: string };
const nameOf = ({ file, zone }: CalendarAt) => `${file} ${zone}`;

type Planned = {
  id: string;
  config: EventsConfig | undefined;
  plan: EventPlan | undefined;
};

type Windows = readonly OnAirWindow[] | null;

const everyMs = 1_000;
/** The windows that matter are worked out anew so often, and whenever something has changed. */
const freshForMs = 10 * 60_000;
const hourMs = 3_600_000;
/** Nobody looks further ahead; windows that have just ended are told for so long. */
const ahead = { ms: 400 * 24 * hourMs, most: 12 };

export type Schedules = {
  /** Sentences for the operator: what cannot be read. */
  warnings(): string[];
  close(): void;
};

export function openSchedules(p: {
  streams: readonly Planned[];
  /** What the machine of a stream was told last, and its windows by command. */
  scheduleOf: (stream: string) => Schedule;
  wallMs: () => number;
  tell: (stream: string, windows: readonly OnAirWindow[] | null) => void;
  onWarnings: (warnings: readonly string[]) => void;
}): Schedules {
  const files = new Map(
    p.streams.flatMap(({ config }) =>
      config?.calendar ? [[nameOf(config.calendar), watchCalendar(config.calendar)] as const] : [],
    ),
  );
  const known = new Map<string, { key: string; windows: readonly OnAirWindow[] | null }>();
  const told = new Map<string, { phase: Phase; windows: Windows; text: string }>();
  const problems = new Map<string, string>();
  let version = 0;
  let warned = "";

  const warnings = () => [
    ...[...files.values()].flatMap(({ problem }) => problem ?? []),
    ...problems.values(),
  ];

  /** Undefined: they cannot be known, what was known before stands. */
  function expand(stream: Planned, span: Span): OnAirWindow[] | undefined {
    try {
      return expandUnsafely(stream, span);
    } catch (cause) {
      problems.set(stream.id, `windows of ${stream.id}: ${(cause as Error).message}`);
      return undefined;
    }
  }
  function expandUnsafely(stream: Planned, span: Span): OnAirWindow[] | undefined {
    const by = (from: WindowOrigin, windows: OnAirWindow[]) =>
      windows.map((window) => ({ ...window, from }));
    const ruled = (rules: readonly WindowRule[]) => rules.flatMap((rule) => windowsOf(rule, span));
    const file = stream.config?.calendar;
    const filed = file === undefined ? [] : files.get(nameOf(file))!.windows(span);
    const windows = filed && [
      ...by("configuration", ruled(stream.config?.rules ?? [])),
      ...by("command", ruled(p.scheduleOf(stream.id).rules)),
      ...by("calendar", filed),
    ];
    problems.delete(stream.id);
    return windows;
  }

  function windowsNow(stream: Planned): readonly OnAirWindow[] | null {
    const { rules, window, windows: before } = p.scheduleOf(stream.id);
    if (!stream.config && rules.length === 0) return null;
    const nowMs = p.wallMs();
    const fresh = Math.floor(nowMs / freshForMs);
    const key = `${fresh} ${version} ${JSON.stringify(rules)} ${window?.id}`;
    const cached = known.get(stream.id);
    if (cached?.key === key) return cached.windows;
    const span = { fromMs: nowMs - hourMs, toMs: nowMs + ahead.ms, most: ahead.most };
    const coming = expand(stream, span);
    // The window under way is told of also when a wrong clock says that it is long over.
    const around = window && { fromMs: window.startMs, toMs: window.startMs + 1, most: ahead.most };
    const underWay = around ? (expand(stream, around) ?? []) : [];
    const windows = coming
      ? [...underWay.filter(({ id }) => coming.every((w) => w.id !== id)), ...coming]
          .sort((a, b) => a.startMs - b.startMs)
          .slice(0, ahead.most)
      : (before ?? []);
    known.set(stream.id, { key, windows });
    return windows;
  }

  function look(): void {
    const changed = [...files.values()].map((file) => file.look());
    if (changed.includes(true)) version += 1;
    for (const stream of p.streams) {
      const windows = windowsNow(stream);
      const { phase } = phaseAt(windows, p.wallMs(), stream.plan ?? defaultEventPlan);
      const before = told.get(stream.id);
      if (before?.phase === phase && before.windows === windows) continue;
      const text = JSON.stringify([phase, windows]);
      told.set(stream.id, { phase, windows, text });
      if (before?.text !== text) p.tell(stream.id, windows);
    }
    const now = warnings();
    if (now.join() !== warned) p.onWarnings(now);
    warned = now.join();
  }

  look();
  const timer = setInterval(look, everyMs);
  return {
    warnings,
    close: () => clearInterval(timer),
  };
}

/** The next `most` windows of a rule that can be planned, as a dry run tells them. */
export function nextWindows(rule: WindowRule, nowMs: number, most = 4) {
  const span = { fromMs: nowMs, toMs: nowMs + ahead.ms, most };
  return windowsOf(rule, span).map(({ startMs, endMs }) => ({
    startsAtMs: startMs,
    endsAtMs: endMs,
  }));
}

/** A rule that came from outside: why it cannot be planned, or undefined. */
export function ruleProblem(rule: WindowRule, nowMs: number): string | undefined {
  try {
    windowsOf(rule, { fromMs: nowMs, toMs: nowMs + ahead.ms, most: ahead.most });
    return undefined;
  } catch (cause) {
    return (cause as Error).message;
  }
}
