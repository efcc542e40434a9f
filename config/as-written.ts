import { z } from "zod";
import type { JsonSchema } from "./known-keys.ts";

/** What is written in the file, not what it is parsed to: durations are text with a unit. */
export function asWritten(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
}

const optionsSchemas = new WeakMap<z.ZodType, JsonSchema>();

/** A driver's options as the driver spells them: plain numbers, units in the names. */
export function optionsJsonSchema(options: z.ZodType): JsonSchema {
  const made = optionsSchemas.get(options) ?? inlined(asWritten(options));
  optionsSchemas.set(options, made);
  return made;
}

/** Puts the definitions where they are referred to, so that schemas can be merged. */
export function inlined(schema: JsonSchema): JsonSchema {
  const definitions = schema.$defs ?? {};
  const walk = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== "object" || node === null) return node;
    const { $ref, ...rest } = node as JsonSchema;
    const target = $ref === undefined ? {} : (definitions[$ref.replace("#/$defs/", "")] ?? {});
    const merged = { ...target, ...rest };
    return Object.fromEntries(
      Object.entries(merged)
        .filter(([key]) => key !== "$defs")
        .map(([key, value]) => [key, walk(value)]),
    );
  };
  return walk(schema) as JsonSchema;
}
