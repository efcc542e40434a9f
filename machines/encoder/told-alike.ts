import { isSame } from "../plain-json.ts";
import type { EncoderContext } from "./encoder.context.ts";
import type { EncoderSnapshot } from "./encoder.published.ts";
import type { EncoderReading } from "./reading.ts";

/**
 * Between these two, `encoderState` differs at most in numbers that are measured, and in what goes
 * by the clock; `encoderFacts` does not differ, nor, while others change nothing, `encoderResume`.
 * So are most readings of most boxes.
 */
export function isToldAlike(a: EncoderSnapshot, b: EncoderSnapshot): boolean {
  if (a === b) return true;
  if (a.value !== b.value) return false;
  const [was, is] = [a.context, b.context];
  for (const key in is) {
    const part = key as keyof EncoderContext;
    if (was[part] !== is[part] && !isPartToldAlike(part, was, is)) return false;
  }
  // By how much a clock is wrong is said in a sentence.
  const { clock } = b.value as unknown as { clock: string };
  return clock !== "wrong" || isSame(was.reading?.clock, is.reading?.clock);
}

function isPartToldAlike(
  part: keyof EncoderContext,
  was: EncoderContext,
  is: EncoderContext,
): boolean {
  switch (part) {
    case "readAtMs":
    // Of other hands only the state of their region is told.
    case "hands":
      return true;
    case "heat":
      return was.heat.step === is.heat.step;
    case "unread":
      return isSame(was.unread, is.unread);
    case "reading":
      return was.reading !== undefined && is.reading !== undefined
        ? isReadAlike(was.reading, is.reading)
        : false;
    default:
      return false;
  }
}

function isReadAlike(was: EncoderReading, is: EncoderReading): boolean {
  let parts = 0;
  for (const name in is) {
    const part = name as keyof EncoderReading;
    parts += 1;
    if (part === "figures") continue;
    if (part === "clock" ? was.clock === undefined : !isSame(was[part], is[part])) return false;
  }
  for (const _ in was) parts -= 1;
  return parts === 0 && hasSameNames(was.figures, is.figures);
}

function hasSameNames(a: object, b: object): boolean {
  const [before, now] = [Object.keys(a), Object.keys(b)];
  return before.length === now.length && before.every((name, at) => now[at] === name);
}
