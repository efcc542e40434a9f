import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hubFormat } from "../../config/hub.ts";
import { parseConfig } from "../../config/load.ts";
import { ConfigError } from "../../config/problems.ts";
import { siteFormat } from "../../config/site.ts";
import { at as atEffort } from "../setup/effort.ts";
import { exampleDrivers } from "./drivers.ts";

const read = (name: string) =>
  readFileSync(new URL(`../../config/${name}`, import.meta.url), "utf8");
const site = read("site.example.yaml").replace(/^\s*# .*\n/gm, "");
const hub = read("hub.example.yaml").replace(/^\s*# .*\n/gm, "");
/** Each is parsed with all its places: 10 ms. */
const files = atEffort({ check: 250, test: 1_000, torture: 50_000 });
const oddities = [
  "&a",
  "*a",
  "<<: *a",
  "!!binary",
  "!!set",
  "? ",
  "{",
  "]",
  "\t",
  "---\n",
  "%YAML 1.1\n",
  "\u0000",
  "__proto__: {}\n",
  "constructor: 1\n",
  "toString",
  "null",
  "~",
  "[]",
  "{}",
  ".nan",
  "1e999",
  "-1",
  "0x10",
  '"',
  "'",
  "|\n",
  "9007199254740993",
  ": ",
  "- ",
  "\n",
  "  ",
  "é😀",
  "credential:",
];

const mutation = fc.record({
  at: fc.nat({ max: 100_000 }),
  remove: fc.nat({ max: 40 }),
  insert: fc.oneof(fc.constantFrom(...oddities), fc.string({ maxLength: 12 })),
});

test("damaged files: each is read whole or refused with places, nothing else", () => {
  const seen = { read: 0, refused: 0 };
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      (isSite, changes) => {
        let text = isSite ? site : hub;
        for (const { at, remove, insert } of changes) {
          const start = at % (text.length + 1);
          text = text.slice(0, start) + insert + text.slice(start + remove);
        }
        try {
          if (isSite) parseConfig("f.yaml", text, siteFormat(exampleDrivers));
          else parseConfig("f.yaml", text, hubFormat);
          seen.read++;
        } catch (error) {
          seen.refused++;
          expect(error).toBeInstanceOf(ConfigError);
          const { problems } = error as ConfigError;
          expect(problems.length).toBeGreaterThan(0);
          for (const problem of problems) expect(problem).toMatch(/^f\.yaml:[1-9]\d*:[1-9]\d* \S/);
        }
      },
    ),
    { numRuns: files, seed: 20_261 },
  );
  // Both happen often enough that neither half of the property is empty.
  expect(seen.read).toBeGreaterThan(files / 200);
  expect(seen.refused).toBeGreaterThan(files / 4);
}, 600_000);
