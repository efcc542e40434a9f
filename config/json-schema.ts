/** The config files as JSON Schema, so that an editor completes and explains keys while typing. */
import { asWritten, inlined, optionsJsonSchema } from "./as-written.ts";
import type { JsonSchema } from "./known-keys.ts";
import { EncoderBase, siteSchema, type DriverSchemas } from "./site.schema.ts";
import { withUnits } from "./vendor-options.ts";

/** What may stand in an encoder of this kind, as it is written in the file. */
export function encoderKeys(drivers: DriverSchemas, driver: string): string[] {
  const options = drivers[driver];
  const { properties = {} } = options ? withUnits(optionsJsonSchema(options)) : {};
  return [...Object.keys(EncoderBase.in.shape), ...Object.keys(properties)];
}

/** `site.yaml`: the encoders get one alternative per driver, told apart by `driver`. */
export function siteJsonSchema(drivers: DriverSchemas): JsonSchema {
  const { $schema, ...site } = asWritten(siteSchema(drivers));
  const base = inlined(asWritten(EncoderBase));
  const alternatives = Object.entries(drivers).map(([driver, options]) => {
    const { properties = {}, required } = withUnits(optionsJsonSchema(options));
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
