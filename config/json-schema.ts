/** The config files as JSON Schema, so that an editor completes and explains keys while typing. */
import { z } from "zod";
import type { JsonSchema } from "./known-keys.ts";
import { EncoderBase, siteSchema, type DriverSchemas } from "./site.schema.ts";

/** What is written in the file, not what it is parsed to: durations are text with a unit. */
export function asWritten(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
}

/** `site.yaml`: the encoders get one alternative per driver, told apart by `driver`. */
export function siteJsonSchema(drivers: DriverSchemas): JsonSchema {
  const { $schema, ...site } = asWritten(siteSchema(drivers));
  const base = inlined(asWritten(EncoderBase));
  const alternatives = Object.entries(drivers).map(([driver, options]) => {
    const { properties = {}, required } = inlined(asWritten(options));
    return {
      type: "object",
      properties: { ...base.properties, driver: { const: driver }, ...properties },
      required: [...(base.required ?? []), ...(required ?? [])],
      additionalProperties: false,
    };
  });
  const encoders = { ...site.properties?.["encoders"], items: { oneOf: alternatives } };
  return {
    $schema,
    title: "Understudy site",
    ...site,
    properties: { ...site.properties, encoders },
  };
}

/** Puts the definitions where they are referred to, so that schemas can be merged. */
function inlined(schema: JsonSchema): JsonSchema {
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
