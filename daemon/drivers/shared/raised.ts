import type { DeviceAlarm } from "../../../machines/encoder/reading.ts";

/** An alarm is raised once by its code, with all that the box says of it. */
export function oneByCode(alarms: readonly DeviceAlarm[]): DeviceAlarm[] {
  return [...new Set(alarms.map(({ code }) => code))].flatMap((code) => {
    const alike = alarms.filter((alarm) => alarm.code === code);
    return alike.slice(0, 1).map((first) => ({
      ...first,
      text: [...new Set(alike.map(({ text }) => text))].join("; "),
    }));
  });
}
