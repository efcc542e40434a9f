/** Windows as people read them: in a zone, with the day said once. */

/** `Sun 2026-11-22 10:00 to 11:30`, with the day again where it is another. */
export function spanIn(zone: string, fromMs: number, toMs: number): string {
  const [day, from] = momentIn(zone, fromMs);
  const [lastDay, to] = momentIn(zone, toMs);
  return `${day} ${from} to ${lastDay === day ? "" : `${lastDay} `}${to}`;
}

function momentIn(timeZone: string, ms: number): [day: string, time: string] {
  const parts = new Intl.DateTimeFormat("en-GB", {
    ...{ timeZone, weekday: "short", year: "numeric", month: "2-digit", day: "2-digit" },
    ...{ hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  }).formatToParts(ms);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? "?";
  return [
    `${of("weekday")} ${of("year")}-${of("month")}-${of("day")}`,
    `${of("hour")}:${of("minute")}`,
  ];
}

export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
