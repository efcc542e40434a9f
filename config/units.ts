/**
 * Quantities in a config file are written with their unit (`2s`, `16MiB`, `5Mbps`). In the parsed
 * config they are plain numbers and the key carries the unit instead: the YAML key `directFreeze`
 * becomes the field `directFreezeMs`. `section` does that renaming, for every quantity alike.
 */
import { z } from "zod";

/** A parsed quantity on its way to its field. `Unit` is what the field's name will end with. */
class Quantity<Unit extends string, Value> {
  readonly unit: Unit;
  readonly value: Value;
  constructor(unit: Unit, value: Value) {
    this.unit = unit;
    this.value = value;
  }
}

const perDuration = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const perSize = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };
const perBitrate = { bps: 1, kbps: 1_000, Mbps: 1_000_000, Gbps: 1_000_000_000 };

type Range = { atLeast?: string; atMost?: string };

/** `250ms`, `2s`, `10min`, `1h`, `30d` → milliseconds, in a field that ends with `Ms`. */
export function duration(range: Range = {}) {
  return quantity("a duration like 250ms, 2s, 10min, 1h or 30d", perDuration, "Ms", range);
}

/** `512B`, `256KiB`, `16MiB`, `1GiB` → bytes, in a field that ends with `Bytes`. */
export function size(range: Range = {}) {
  return quantity("a size like 512B, 256KiB, 16MiB or 1GiB", perSize, "Bytes", range);
}

/** `800kbps`, `5Mbps` → bits per second, in a field that ends with `Bps`. */
export function bitrate(range: Range = {}) {
  return quantity("a bit rate like 800kbps, 5Mbps or 1Gbps", perBitrate, "Bps", range);
}

/** `80C` → degrees Celsius, in a field that ends with `C`. */
export function celsius(range: Range = {}) {
  return quantity("whole degrees Celsius like 80C", { C: 1 }, "C", range);
}

/** `15%` → 15, in a field that ends with `Percent`. */
export function percent(range: Range = {}) {
  return quantity("a whole percentage like 15%", { "%": 1 }, "Percent", range);
}

/** A duration, or a word that stands for "none", which becomes null in the same field. */
export function durationOr<W extends string>(none: W, range: Range = {}) {
  const form = `"${none}" or a duration like 250ms, 2s, 10min, 1h or 30d`;
  return written(form, perDuration, none).transform(
    (text, ctx) =>
      new Quantity("Ms", text === none ? null : inRange(text, perDuration, range, ctx)),
  );
}

function quantity<Unit extends string>(
  form: string,
  units: Record<string, number>,
  unit: Unit,
  range: Range,
) {
  return written(form, units).transform(
    (text, ctx) => new Quantity(unit, inRange(text, units, range, ctx)),
  );
}

const texts = new Map<string, z.ZodString>();

/** The text of a quantity: one schema for all that are written alike. */
function written(form: string, units: Record<string, number>, word?: string) {
  const known = texts.get(form);
  if (known) return known;
  const number = `\\d{1,15}(\\.\\d{1,6})?(${Object.keys(units).join("|")})`;
  const pattern = new RegExp(word === undefined ? `^${number}$` : `^(${word}|${number})$`);
  const text = z
    .string({ error: `must be ${form}` })
    .regex(pattern, { error: ({ input }) => `${JSON.stringify(input)} is not ${form}` });
  texts.set(form, text);
  return text;
}

function inRange(
  text: string,
  units: Record<string, number>,
  { atLeast, atMost }: Range,
  ctx: z.RefinementCtx,
): number {
  const value = toNumber(text, units);
  if (!Number.isSafeInteger(value)) {
    ctx.addIssue({ code: "custom", message: `${text} is finer or larger than can be kept` });
  } else if (atLeast !== undefined && value < toNumber(atLeast, units)) {
    ctx.addIssue({ code: "custom", message: `${text} is too small, at least ${atLeast}` });
  } else if (atMost !== undefined && value > toNumber(atMost, units)) {
    ctx.addIssue({ code: "custom", message: `${text} is too large, at most ${atMost}` });
  }
  return value;
}

function toNumber(text: string, units: Record<string, number>): number {
  const split = text.search(/[a-zA-Z%]/);
  const exact = Number(text.slice(0, split)) * (units[text.slice(split)] ?? Number.NaN);
  // 0.1s is 100 ms although 0.1 * 1000 need not be exactly 100.
  const nearest = Math.round(exact);
  return Math.abs(exact - nearest) < 1e-6 ? nearest : exact;
}

/** `{ directFreeze: Quantity<"Ms">, … }` → `{ directFreezeMs: number, … }` */
export type Renamed<T> = {
  [
    K in keyof T as NonNullable<T[K]> extends Quantity<infer Unit, unknown>
      ? `${K & string}${Unit}`
      : K
  ]: NonNullable<T[K]> extends Quantity<string, infer Value> ? Value : T[K];
};

/**
 * One mapping of the config file. Unknown keys are an error; a quantity is renamed after its unit.
 * Give a default with `.prefault("2s")`, in the file's own words.
 */
export function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape).transform((parsed) => renameQuantities(parsed));
}

function renameQuantities<T extends object>(parsed: T): Renamed<T> {
  const renamed = Object.entries(parsed).map(
    ([key, value]: [string, unknown]): [string, unknown] =>
      value instanceof Quantity ? [`${key}${value.unit}`, value.value] : [key, value],
  );
  return Object.fromEntries(renamed) as Renamed<T>;
}
