/** When a person may use the hub. */
import { z } from "zod";

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "HH:MM");

function isZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone }).resolvedOptions().timeZone !== "";
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** `to` before `from`: over midnight, it belongs to the day it began. Equal: the whole day. */
export const Shift = z.strictObject({
  days: z.array(z.enum(days)).min(1),
  from: clock,
  to: clock,
  timeZone: z
    .string()
    .max(64)
    .refine(isZone, "not a time zone such as Europe/Berlin")
    .default("UTC"),
});
export type Shift = z.infer<typeof Shift>;

/** No shifts: always. */
export function isOnShift(shifts: readonly Shift[] | null, nowMs: number): boolean {
  return shifts === null || shifts.some((shift) => covers(shift, nowMs));
}

function covers(shift: Shift, nowMs: number): boolean {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: shift.timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(nowMs);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  const at = `${part("hour")}:${part("minute")}`;
  const day = days.findIndex((name) => name === part("weekday").toLowerCase());
  const has = (index: number) => shift.days.some((name) => name === days[(index + 7) % 7]);
  if (shift.from < shift.to) return has(day) && at >= shift.from && at < shift.to;
  return (has(day) && at >= shift.from) || (has(day - 1) && at < shift.to);
}
