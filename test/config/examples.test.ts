import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { hubFormat, hubJsonSchema } from "../../config/hub.ts";
import { siteJsonSchema } from "../../config/json-schema.ts";
import type { JsonSchema } from "../../config/known-keys.ts";
import { parseConfig } from "../../config/load.ts";
import { siteFormat } from "../../config/site.ts";
import { allDrivers, exampleDrivers } from "./drivers.ts";

const read = (name: string) =>
  readFileSync(new URL(`../../config/${name}`, import.meta.url), "utf8");
/** Also takes in the settings that are commented out: `#name: …`, no space. */
const uncommented = (text: string) =>
  text.replace(/^(\s*)#(| {2,})(?=(- )?[a-zA-Z][a-zA-Z0-9]*:( |$))/gm, "$1$2");

const files = [
  {
    name: "site",
    schema: siteJsonSchema(exampleDrivers),
    committed: siteJsonSchema(allDrivers),
    load: (text: string) => parseConfig("site.example.yaml", text, siteFormat(exampleDrivers)),
  },
  {
    name: "hub",
    schema: hubJsonSchema(),
    committed: hubJsonSchema(),
    load: (text: string) => parseConfig("hub.example.yaml", text, hubFormat),
  },
];

/** Every key of the schema as `a.b[].c`, with its default; alternatives together. */
function keysOf(root: JsonSchema, schema: JsonSchema, at: string): Map<string, unknown> {
  const target = schema.$ref && root.$defs?.[schema.$ref.replace("#/$defs/", "")];
  if (target) return keysOf(root, target, at);
  const keys = new Map<string, unknown>();
  const take = (more: Map<string, unknown>) => more.forEach((value, key) => keys.set(key, value));
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    keys.set(`${at}${key}`, property.default);
    take(keysOf(root, property, `${at}${key}.`));
  }
  if (schema.items) take(keysOf(root, schema.items, `${at.slice(0, -1)}[].`));
  for (const choice of [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])]) {
    take(keysOf(root, choice, at));
  }
  return keys;
}

/** Every key of the example as `a.b[].c`, with the values written for it. */
function valuesOf(value: unknown, at: string, found = new Map<string, unknown[]>()) {
  if (Array.isArray(value)) {
    for (const item of value) valuesOf(item, `${at.slice(0, -1)}[].`, found);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      found.set(`${at}${key}`, [...(found.get(`${at}${key}`) ?? []), item]);
      valuesOf(item, `${at}${key}.`, found);
    }
  }
  return found;
}

/** Written in the example as a bare id, which is the shorter form of the same. */
const shorthand = [
  "streams[].encoders[].encoder",
  "streams[].encoders[].output",
  // Other kinds of input than the one shown; the comment above it names them and their keys.
  ...["path", "loop", "realtime", "url", "ingest"].map((key) => `encoders[].input.${key}`),
  ...["username", "password", "streamKey", "token", "streamId", "passphrase", "latency"].map(
    (key) => `encoders[].input.${key}`,
  ),
  // Of SNMP v1 and v2c; the example shows v3, which signs.
  "outlets[].access.community",
];

test.each(files)("the $name example can be started with, as it is and with all keys on", (file) => {
  const text = read(`${file.name}.example.yaml`);
  expect(() => file.load(text)).not.toThrow();
  expect(() => file.load(uncommented(text))).not.toThrow();
});

test.each(files)("the $name example shows every key, with its default", ({ name, schema }) => {
  const shown = valuesOf(parse(uncommented(read(`${name}.example.yaml`))), "");
  const known = keysOf(schema, schema, "");
  expect(known.size).toBeGreaterThan(20);
  expect([...known.keys()].filter((key) => !shown.has(key) && !shorthand.includes(key))).toEqual(
    [],
  );
  for (const [key, standard] of known) {
    if (standard === undefined || typeof standard === "object" || shorthand.includes(key)) continue;
    expect(shown.get(key), key).toContain(standard);
  }
});

test.each(files)(
  "every key of the $name example stands under a line that explains it",
  ({ name }) => {
    const lines = read(`${name}.example.yaml`).split("\n");
    const keys = lines.flatMap((line, at) =>
      /^\s*(#(| {2,}))?(- )?[a-zA-Z0-9]+:( |$)/.test(line) ? [at] : [],
    );
    expect(keys.length).toBeGreaterThan(20);
    const bare = keys.filter((at) => !/^\s*# /.test(lines[at - 1] ?? ""));
    expect(bare.map((at) => lines[at])).toEqual([]);
  },
);

/** Rewrites the committed files: `npm run schemas` */
test.each(files)("the committed JSON Schema of $name is what editors should get", (file) => {
  const committed = `${file.name}.schema.json`;
  if (process.env["UPDATE_SCHEMAS"]) {
    const json = `${JSON.stringify(file.committed, null, 2)}\n`;
    writeFileSync(new URL(`../../config/${committed}`, import.meta.url), json);
  }
  expect(JSON.parse(read(committed))).toEqual(JSON.parse(JSON.stringify(file.committed)));
});
