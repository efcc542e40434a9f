/**
 * Reads one YAML file into one typed config, or refuses it whole with every problem named at its
 * line. Nothing is half loaded, and nothing is read again later.
 */
import { readFileSync, statSync } from "node:fs";
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document, Node, YAMLError } from "yaml";
import type { z } from "zod";
import { knownKeys, type JsonSchema } from "./known-keys.ts";
import { nearest } from "./nearest.ts";
import { ConfigError, keyName, type Finding, type Loaded } from "./problems.ts";
import { sentencesFor } from "./sentences.ts";

/** What a file of one kind may hold. */
export type ConfigFormat<T> = {
  schema: z.ZodType<T>;
  /** What stands where the file says nothing, besides the schema's own defaults. */
  filledIn?: (raw: unknown) => unknown;
  /** What one schema cannot see: names that must match across sections. Gets the raw YAML value. */
  crossChecks: (raw: unknown) => Finding[];
  /** The file as editors know it; also where the nearest known key is looked up. */
  jsonSchema: () => JsonSchema;
};

const maxFileBytes = 1024 * 1024;

/** @throws ConfigError, also when the file cannot be read */
export function loadConfig<T>(file: string, format: ConfigFormat<T>): Loaded<T> {
  let text: string;
  try {
    if (statSync(file).size > maxFileBytes)
      throw new ConfigError([`${file}: is larger than 1 MiB`]);
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? "unreadable";
    throw new ConfigError([`${file}: cannot be read (${code})`], { cause });
  }
  return parseConfig(file, text, format);
}

/** @throws ConfigError */
export function parseConfig<T>(file: string, text: string, format: ConfigFormat<T>): Loaded<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    version: "1.2",
    // Oddities are findings below, not warnings on stderr.
    logLevel: "error",
  });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(
        (error) => `${file}:${place(lines, error.pos[0])} ${yamlSays(error, text)}`,
      ),
    );
  }
  const offsetOf = (finding: Finding) => offsetIn(document, finding);
  const describe = (finding: Finding) =>
    `${file}:${place(lines, offsetOf(finding))} ${keyName(finding.path)}: ${finding.what}`;

  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError([describe({ path: [], what })], { cause });
  }
  // Parsed once: to compile a parser first would take longer.
  const whole = format.filledIn?.(raw) ?? raw;
  const parsed = format.schema.safeParse(whole, { reportInput: true, jitless: true });
  const findings = [
    ...(parsed.success ? [] : sentencesFor(parsed.error.issues)),
    ...format.crossChecks(raw),
  ];
  if (parsed.success && findings.length === 0) return { config: parsed.data, describe };

  const jsonSchema = format.jsonSchema();
  const inFileOrder = findings
    .map((finding) => ({ finding, offset: offsetOf(finding) }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ finding }) => describe(withNearestKey(finding, raw, jsonSchema)));
  throw new ConfigError([...new Set(inFileOrder)]);
}

/** More of them would be a page to read. */
const fewKeys = 12;

/** Adds "nearest known key" to the findings that are about an unknown one; else what there is. */
function withNearestKey(finding: Finding, raw: unknown, jsonSchema: JsonSchema): Finding {
  if (finding.unknownKey === undefined) return finding;
  const known = knownKeys(jsonSchema, raw, finding.path.slice(0, -1));
  const guess = nearest(finding.unknownKey, known);
  if (guess !== undefined)
    return { ...finding, what: `${finding.what}, nearest known key: ${guess}` };
  if (known.length === 0 || known.length > fewKeys) return finding;
  return { ...finding, what: `${finding.what}; known here: ${known.join(", ")}` };
}

function yamlSays(error: YAMLError, text: string): string {
  if (error.code === "DUPLICATE_KEY") {
    const key = /^[^\s:]+/.exec(text.slice(error.pos[0]))?.[0] ?? "key";
    return `${key}: is given twice`;
  }
  if (error.code === "MULTIPLE_DOCS") return "(whole file): holds more than one document (---)";
  return `(not YAML): ${error.message}`;
}

function place(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  // An offset before the first line (an empty file) is reported as 0:0.
  return `${Math.max(line, 1)}:${Math.max(col, 1)}`;
}

/** Where in the text a finding is: its value, its key, or the nearest thing around it. */
function offsetIn(document: Document.Parsed, { path, atKey }: Finding): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(
        ({ key }) => isScalar(key) && String(key.value) === String(part),
      );
      // A parsed config has levels of its own that the file has not (`options`): stay here.
      if (!pair) continue;
      const last = depth === path.length - 1;
      offset = (atKey && last ? undefined : startOf(pair.value)) ?? startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = startOf(node) ?? offset;
    }
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
