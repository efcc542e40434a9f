/**
 * What a box complains of, kept from flickering: an alarm is told once it has lasted, and its end
 * once it has stayed away; the more often it comes, the later.
 */
import type { Decision } from "../decision.ts";
import { isSame } from "../plain-json.ts";
import { endHoldMs, type Raised, rebasedRaised, withRaise } from "../raised.ts";
import { elapsedMs, rebased, type Stamp } from "../time.ts";
import type { DeviceAlarm, EncoderReading } from "./reading.ts";

/** One that is raised, or whose end is not believed yet. */
type Standing = DeviceAlarm & {
  since: Stamp;
  isTold: boolean;
  /** Since when the box does not raise it any more. */
  goneSince?: Stamp;
};

export type Alarms = {
  /** By code. */
  readonly standing: Readonly<Record<string, Standing>>;
  /** When each was told of late. */
  readonly raised: Raised;
};
export const noAlarms: Alarms = { standing: {}, raised: {} };

type News = { alarms: Alarms; began: readonly DeviceAlarm[]; ended: readonly DeviceAlarm[] };
const noNews: News = { alarms: noAlarms, began: [], ended: [] };

/** A flicker is no alarm. */
const lastsMs = 5_000;

/** A box that tells nothing of its alarms ends none of them. */
export function alarmsAfter(
  { alarms: before, now: clock }: { alarms: Alarms; now: () => Stamp },
  { reading: { raised: told } }: { reading: Pick<EncoderReading, "raised"> },
): News {
  // Of most boxes nothing is raised, and nothing was.
  if (before === noAlarms && (told === undefined || told.alarms.length === 0)) return noNews;
  if (told === undefined) return { ...noNews, alarms: before };
  const now = clock();
  const standing: Record<string, Standing> = {};
  const [began, ended]: [DeviceAlarm[], DeviceAlarm[]] = [[], []];
  let { raised } = before;
  for (const alarm of told.alarms) {
    const { since = now, isTold = false } = before.standing[alarm.code] ?? {};
    const isNews = !isTold && elapsedMs(since, now) >= lastsMs;
    if (isNews) began.push(alarm);
    if (isNews) raised = withRaise(raised, alarm.code, now);
    standing[alarm.code] = { ...alarm, since, isTold: isTold || isNews };
  }
  for (const [code, alarm] of Object.entries(before.standing)) {
    if (standing[code]) continue;
    const goneSince = alarm.goneSince ?? now;
    // What was not asked for again may still be raised.
    if (!told.isWhole) standing[code] = alarm;
    else if (!alarm.isTold) continue;
    else if (elapsedMs(goneSince, now) >= endHoldMs(raised, code, now)) ended.push(alarm);
    else standing[code] = { ...alarm, goneSince };
  }
  const isNone = Object.keys(standing).length === 0 && Object.keys(raised).length === 0;
  const alarms = isNone ? noAlarms : { standing, raised };
  return { alarms: isSame(alarms, before) ? before : alarms, began, ended };
}

export const isAlarmNews = ({ began, ended }: News) => began.length > 0 || ended.length > 0;

export function alarmNews(
  { plan, holds }: { plan: { id: string }; holds: readonly string[] },
  { began, ended }: News,
): Decision {
  const texts = (alarms: News["began"]) => alarms.map(({ text }) => text).join("; ");
  const codes = (alarms: News["began"]) => alarms.map(({ code }) => code);
  const isGrave = began.some(({ severity }) => severity === "error");
  const sentences = [
    ...(began.length > 0 ? [`${plan.id} says: ${texts(began)}`] : []),
    ...(ended.length > 0 ? [`${plan.id} says no more: ${texts(ended)}`] : []),
  ];
  return {
    type: "encoder.alarm",
    // Nobody gets up for a box that carries nothing.
    severity: began.length === 0 ? "info" : isGrave && holds.length > 0 ? "critical" : "warning",
    message: sentences.join("; "),
    data: { raised: codes(began), ended: codes(ended) },
  };
}

/** As they are published: what was told and is not over. */
export const toldAlarms = ({ standing }: Alarms) =>
  Object.values(standing)
    .filter(({ isTold }) => isTold)
    .map(({ code, severity, text, since }) => ({ code, severity, text, sinceMs: since.wallMs }));

/** Where a restarted daemon picks up: what was told is not told again. */
export function rebasedAlarms(kept: Alarms | undefined, now: Stamp): Alarms {
  if (!kept) return noAlarms;
  const standing = Object.entries(kept.standing).map(([code, { goneSince, ...alarm }]) => {
    const gone = goneSince && { goneSince: rebased(goneSince, now) };
    return [code, { ...alarm, since: rebased(alarm.since, now), ...gone }] as const;
  });
  return { standing: Object.fromEntries(standing), raised: rebasedRaised(kept.raised, now) };
}
