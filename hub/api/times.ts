/**
 * At the edge of REST times turn from Unix ms into ISO 8601: `atMs` → `at`, `openedAtMs` →
 * `openedAt`, `sinceMs` → `since`. Lengths of time (`offAirMs`, `ttlMs`) stay numbers.
 */
import { z } from "zod";

const moment = /^(at|since|lastSeen|.+At)Ms$/;

/** The name of a moment at that edge; undefined if this is not a moment. */
export function momentOf(key: string): string | undefined {
  const held = names.get(key);
  if (held !== undefined) return held ?? undefined;
  const name = moment.exec(key)?.[1];
  // Sites may make names up; ours are a few hundred.
  if (names.size < 5_000) names.set(key, name ?? null);
  return name;
}
/** null: it is no moment. */
const names = new Map<string, string | null>();

export function toIso(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(toIso);
  const made: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    // Assigned, it would be the prototype.
    if (key === "__proto__") continue;
    const inner = (value as Record<string, unknown>)[key];
    const name = momentOf(key);
    if (name === undefined) made[key] = toIso(inner);
    else made[name] = typeof inner === "number" ? isoOf(inner) : null;
  }
  return made;
}

/** null for a number that is no moment: a site may send anything that is a number. */
export function isoOf(ms: number | null): string | null {
  if (ms === null) return null;
  // The figures of one reading were taken at one time.
  if (ms !== lastIso.ms) {
    const date = new Date(ms);
    lastIso = { ms, iso: Number.isNaN(date.getTime()) ? null : date.toISOString() };
  }
  return lastIso.iso;
}
let lastIso: { ms: number; iso: string | null } = { ms: 0, iso: new Date(0).toISOString() };

/** The schema of what `toIso` makes of a value of `schema`. */
export function isoSchema(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) return isoObject(schema);
  if (schema instanceof z.ZodArray) return z.array(isoSchema(schema.element as z.ZodType));
  if (schema instanceof z.ZodNullable) return isoSchema(schema.unwrap() as z.ZodType).nullable();
  if (schema instanceof z.ZodOptional) return isoSchema(schema.unwrap() as z.ZodType).optional();
  return schema;
}

/** Unknown fields pass, as everywhere. */
export function isoObject(schema: z.ZodObject): z.ZodObject {
  const shape = Object.entries(schema.shape).map(([key, inner]): [string, z.ZodType] => {
    const name = momentOf(key);
    if (name === undefined) return [key, isoSchema(inner as z.ZodType)];
    const iso = z.iso.datetime().nullable();
    return [name, inner instanceof z.ZodOptional ? iso.optional() : iso];
  });
  return z.looseObject(Object.fromEntries(shape));
}
