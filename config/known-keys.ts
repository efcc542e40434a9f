import type { Finding } from "./problems.ts";

/** As much of JSON Schema as our own schemas use. */
export type JsonSchema = {
  [keyword: string]: unknown;
  type?: string;
  default?: unknown;
  const?: unknown;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
};

/** The keys that may stand in the mapping at `path`, for the kind of entry that `raw` holds. */
export function knownKeys(schema: JsonSchema, raw: unknown, path: Finding["path"]): string[] {
  let here = choices(schema, schema, raw);
  let value = raw;
  for (const part of path) {
    value = childOf(value, part);
    here = here.flatMap(({ items, properties }) => {
      const child = typeof part === "number" ? items : properties?.[part];
      return child ? choices(schema, child, value) : [];
    });
  }
  return [...new Set(here.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

/** Follows references and alternatives; of `oneOf` by a constant only those that match the value. */
function choices(root: JsonSchema, schema: JsonSchema, value: unknown): JsonSchema[] {
  if (schema.$ref !== undefined) {
    const target = root.$defs?.[schema.$ref.replace("#/$defs/", "")];
    return target ? choices(root, target, value) : [];
  }
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (!alternatives) return [schema];
  return alternatives
    .filter(({ properties }) =>
      Object.entries(properties ?? {}).every(
        ([key, { const: constant }]) => constant === undefined || childOf(value, key) === constant,
      ),
    )
    .flatMap((alternative) => choices(root, alternative, value));
}

function childOf(value: unknown, key: string | number): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([name]) => name === String(key))?.[1];
}
