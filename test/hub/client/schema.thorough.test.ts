import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString, type OpenAPI3 } from "openapi-typescript";
import { format, resolveConfig } from "prettier";
import { expect, test } from "vitest";
import { anApi } from "../api/an-api.ts";

const file = new URL("../../../hub/client/schema.ts", import.meta.url);

/** Rewrites the committed file: `npm run schemas` */
test("the client's types are what the hub's OpenAPI document gives", async () => {
  const { ask } = await anApi();
  const { body } = await ask("GET", "/openapi.json");
  const types = await typesOf(body as unknown as OpenAPI3);
  if (process.env["UPDATE_SCHEMAS"]) writeFileSync(file, types);
  expect(readFileSync(file, "utf8")).toBe(types);
});

async function typesOf(document: OpenAPI3): Promise<string> {
  const ast = await openapiTS(oneSpelling(document), { defaultNonNullable: false });
  const head = "/** Made from the hub's OpenAPI document by `npm run schemas`: not by hand. */\n";
  const options = await resolveConfig(file);
  return format(head + astToString(ast), { ...options, parser: "typescript" });
}

/**
 * Each path has two spellings; the client needs one, and nothing that only says "not yet". Every
 * error is the same `Problem`, which it throws.
 */
function oneSpelling(document: OpenAPI3): OpenAPI3 {
  const paths = Object.entries(document.paths ?? {})
    .filter(([path]) => path.startsWith("/api/") && !path.includes(".well-known"))
    .map(([path, item]) => [path, mapValues(item as Item, answered)] as const)
    .filter(([, item]) => Object.keys(item).length > 0);
  const schemas = document.components?.schemas ?? {};
  const used = new Set<string>();
  const follow = (part: unknown) => {
    for (const [, name = ""] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (used.has(name)) continue;
      used.add(name);
      follow(schemas[name]);
    }
  };
  follow(paths);
  used.add("Problem");
  const kept = Object.entries(schemas).filter(([name]) => used.has(name));
  return {
    ...document,
    paths: sorted(paths),
    components: { ...document.components, schemas: sorted(kept), headers: {} },
  };
}

/** In which order routes and schemas are loaded is nobody's business. */
const sorted = <V>(entries: readonly (readonly [string, V])[]) =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

type Item = Record<string, { responses: Record<string, { headers?: unknown }> }>;
function answered(operation: Item[string]): Item[string] | undefined {
  const good = Object.entries(operation.responses)
    .filter(([status]) => status.startsWith("2"))
    .map(([status, { headers: _, ...answer }]) => [status, answer] as const);
  return good.length === 0 ? undefined : { ...operation, responses: Object.fromEntries(good) };
}

function mapValues<V>(of: Record<string, V>, by: (value: V) => V | undefined): Record<string, V> {
  return Object.fromEntries(
    Object.entries(of).flatMap(([key, value]) => {
      const mapped = by(value);
      return mapped === undefined ? [] : [[key, mapped]];
    }),
  );
}
