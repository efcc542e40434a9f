/**
 * Drivers may not know this folder, so their options are plain numbers: `requestTimeoutMs: 2000`.
 * In the file they are written like every other quantity, `requestTimeout: 2s`. The suffix of an
 * option's name is the rule: `Ms` is a duration, `Bytes` a size, `Bps` a bit rate.
 */
import type { z } from "zod";
import type { JsonSchema } from "./known-keys.ts";
import type { Finding } from "./problems.ts";
import { sentencesFor } from "./sentences.ts";
import { bitrate, duration, section, size } from "./units.ts";

const quantities = [
  { suffix: "Ms", schema: duration, units: { h: 3_600_000, min: 60_000, s: 1_000, ms: 1 } },
  { suffix: "Bytes", schema: size, units: { GiB: 1024 ** 3, MiB: 1024 ** 2, KiB: 1024, B: 1 } },
  { suffix: "Bps", schema: bitrate, units: { Gbps: 1e9, Mbps: 1e6, kbps: 1e3, bps: 1 } },
];

function quantityOf(option: string, { type }: JsonSchema) {
  if (type !== "number" && type !== "integer") return undefined;
  return quantities.find(({ suffix }) => option.endsWith(suffix) && option !== suffix);
}

/** `requestTimeoutMs` → `requestTimeout` */
function writtenKey(option: string, schema: JsonSchema): string {
  return option.slice(0, option.length - (quantityOf(option, schema)?.suffix.length ?? 0));
}

/** A driver's JSON Schema, with its quantities as they are written in the file. */
export function withUnits(schema: JsonSchema): JsonSchema {
  const { properties, required, ...rest } = schema;
  const alternatives = {
    ...(rest.oneOf && { oneOf: rest.oneOf.map(withUnits) }),
    ...(rest.anyOf && { anyOf: rest.anyOf.map(withUnits) }),
    ...(rest.items && { items: withUnits(rest.items) }),
  };
  if (!properties) return { ...schema, ...alternatives };
  const written = Object.entries(properties).map(([option, property]): [string, JsonSchema] => {
    const quantity = quantityOf(option, property);
    if (!quantity) return [option, withUnits(property)];
    const { default: standard, description, minimum, maximum } = property;
    const inUnits = (value: unknown) =>
      typeof value === "number" ? text(value, quantity.units) : "";
    const bounds = [
      typeof minimum === "number" ? `at least ${inUnits(minimum)}` : "",
      typeof maximum === "number" && maximum < 1e15 ? `at most ${inUnits(maximum)}` : "",
    ].filter((bound) => bound !== "");
    const said = [description, ...bounds].filter((part) => typeof part === "string").join(", ");
    return [
      writtenKey(option, property),
      {
        type: "string",
        ...(said !== "" && { description: said }),
        ...(standard !== undefined && { default: inUnits(standard) }),
      },
    ];
  });
  return {
    ...rest,
    ...alternatives,
    properties: Object.fromEntries(written),
    ...(required && {
      required: required.map((option) => writtenKey(option, properties[option] ?? {})),
    }),
  };
}

/** 2000 → `2s`: the largest unit that leaves a whole number. */
function text(value: number, units: Record<string, number>): string {
  const unit = Object.entries(units).find(([, factor]) => value % factor === 0 && value >= factor);
  return unit ? `${value / unit[1]}${unit[0]}` : `${value}${Object.keys(units).at(-1)}`;
}

/** What was written → what the driver's schema wants. A quantity that does not parse is a finding. */
export function toOptions(
  schema: JsonSchema,
  raw: unknown,
): { value: unknown; findings: Finding[] } {
  if (typeof raw !== "object" || raw === null) return { value: raw, findings: [] };
  if (Array.isArray(raw)) {
    const items = raw.map((item) => toOptions(schema.items ?? {}, item));
    return {
      value: items.map(({ value }) => value),
      findings: items.flatMap(({ findings }, at) => findings.map((f) => under(at, f))),
    };
  }
  const findings: Finding[] = [];
  const properties = propertiesOf(schema);
  const entries = Object.entries(raw).map(
    ([key, written]: [string, unknown]): [string, unknown] => {
      const found = Object.entries(properties).find(([name, p]) => writtenKey(name, p) === key);
      if (!found) return [key, written];
      const [option, property] = found;
      const quantity = quantityOf(option, property);
      if (!quantity) {
        const inner = toOptions(property, written);
        findings.push(...inner.findings.map((f) => under(key, f)));
        return [option, inner.value];
      }
      const parsed = section({ it: quantity.schema() }).safeParse(
        { it: written },
        { reportInput: true, jitless: true },
      );
      if (parsed.success) return [option, Object.values(parsed.data)[0]];
      findings.push(
        ...sentencesFor(parsed.error.issues).map(({ what }) => ({ path: [key], what })),
      );
      return [option, undefined];
    },
  );
  return { value: Object.fromEntries(entries), findings };
}

/** The place of a driver's issue in the file: its quantities stand there without the suffix. */
export function writtenPath(schema: JsonSchema, path: readonly PropertyKey[]): Finding["path"] {
  const [first, ...rest] = path;
  if (first === undefined) return [];
  if (typeof first === "number") return [first, ...writtenPath(schema.items ?? {}, rest)];
  const property = propertiesOf(schema)[String(first)] ?? {};
  return [writtenKey(String(first), property), ...writtenPath(property, rest)];
}

/** Of all alternatives together: which one is meant is for the driver's schema to say. */
function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  const alternatives = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].map(propertiesOf);
  return Object.assign({}, ...alternatives, schema.properties) as Record<string, JsonSchema>;
}

function under(part: string | number, finding: Finding): Finding {
  return { ...finding, path: [part, ...finding.path] };
}

/** A driver's own judgement of its options. */
export function parseOptions(options: z.ZodType, schema: JsonSchema, raw: unknown) {
  const { value, findings } = toOptions(schema, raw);
  const parsed = options.safeParse(value, { reportInput: true, jitless: true });
  const known = new Set(findings.map(({ path }) => path.join("\0")));
  const issues = (parsed.error?.issues ?? [])
    .map((issue) => ({ ...issue, path: writtenPath(schema, issue.path) }))
    .filter(({ path }) => !known.has(path.join("\0")));
  return { parsed, findings, issues };
}
