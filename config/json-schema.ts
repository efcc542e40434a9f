/** The config files as JSON Schema, so that an editor completes and explains keys while typing. */
import type { z } from "zod";
import { asWritten, inlined, optionsJsonSchema } from "./as-written.ts";
import type { JsonSchema } from "./known-keys.ts";
import {
  EncoderBase,
  OutletBase,
  siteSchema,
  StorageBase,
  type SiteDrivers,
} from "./site.schema.ts";
import { withUnits } from "./vendor-options.ts";

/** The sections whose entries have a driver, with what is ours in an entry. */
export const drivenSections = {
  encoders: EncoderBase,
  outlets: OutletBase,
  storages: StorageBase,
} as const;
export type DrivenSection = keyof typeof drivenSections;

/** What may stand in an entry of this section and kind, as it is written in the file. */
export function keysOf(section: DrivenSection, options: z.ZodType): string[] {
  const { properties = {} } = withUnits(optionsJsonSchema(options));
  return [...Object.keys(drivenSections[section].in.shape), ...Object.keys(properties)];
}

/** `site.yaml`: devices get one alternative per driver, told apart by `driver`. */
export function siteJsonSchema(drivers: SiteDrivers): JsonSchema {
  const { $schema, ...site } = asWritten(siteSchema(drivers));
  const sections = Object.entries(drivenSections).map(([name, own]): [string, JsonSchema] => {
    const base = inlined(asWritten(own));
    const alternatives = Object.entries(drivers[name as DrivenSection] ?? {}).map(
      ([driver, options]) => {
        const { properties = {}, required } = withUnits(optionsJsonSchema(options));
        return {
          type: "object",
          properties: { ...base.properties, driver: { const: driver }, ...properties },
          required: [...(base.required ?? []), ...(required ?? [])],
          additionalProperties: false,
        };
      },
    );
    return [name, { ...site.properties?.[name], items: { oneOf: alternatives } }];
  });
  const traps = drivers.traps && {
    traps: { ...withUnits(optionsJsonSchema(drivers.traps)), ...site.properties?.["traps"] },
  };
  return {
    $schema,
    title: "Understudy site",
    ...site,
    properties: { ...site.properties, ...Object.fromEntries(sections), ...traps },
  };
}
