import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { encodeAlarm, alarmAtRest } from "./alarms.ts";

/** One row of the catalogue of a HELO 4.3.0.8 (971 rows, `helo-parameters.json`). */
export type Parameter = {
  /** With the prefix `eParamID_`. */
  id: string;
  type: "enum" | "integer" | "string" | "alarm";
  name: string;
  access: "rw" | "ro";
  /** Survives a power cycle. */
  persistent: boolean;
  /** Part of the 20 presets. */
  inPreset: boolean;
  min?: string;
  max?: string;
  default: string;
  enum?: Record<string, string>;
};

/** What the device says of a parameter; all values are strings, numbers too. */
export type ParameterAnswer = { paramid: string; name: string; value: string; value_name: string };

/** Why a set is not carried out. What a real unit then answers is not recorded anywhere. */
export type SetFault = "unknown" | "readOnly" | "outOfRange";

const prefix = "eParamID_";
export const catalogue = JSON.parse(
  readFileSync(new URL("./helo-parameters.json", import.meta.url), "utf8"),
) as Parameter[];
/**
 * What is known of a HELO Plus beyond a HELO: only the ids that a working client uses, with types
 * that we gave them (encoder-devices.md §1.9).
 */
const plusOnly: Parameter[] = [
  plusParameter("Stream1_Duration", "string", "ro", "00:00:00:00"),
  plusParameter("Stream2_Duration", "string", "ro", "00:00:00:00"),
  plusParameter("LayoutSelector", "integer", "rw", "1", { min: "1", max: "10" }),
  plusParameter("LayoutCommand", "enum", "rw", "0", {
    enum: { 0: "None", 1: "Recall", 2: "Store", 3: "Template" },
  }),
];
function plusParameter(
  name: string,
  type: Parameter["type"],
  access: Parameter["access"],
  standard: string,
  more: Partial<Parameter> = {},
): Parameter {
  const id = `eParamID_${name}`;
  const kept = { persistent: false, inPreset: false };
  return { id, type, name, access, default: standard, ...kept, ...more };
}
/** Of a HELO, not found in a client of a HELO Plus: taken to be missing there. */
const classicOnly: ReadonlySet<string> = new Set(["eParamID_StreamingDuration"]);
export type HeloModel = "classic" | "plus";

const byId = new Map([...catalogue, ...plusOnly].map((parameter) => [parameter.id, parameter]));

/** Accepts `StreamType` and `eParamID_StreamType`. */
export const fullId = (id: string) => (id.startsWith(prefix) ? id : prefix + id);

/** Numeric ids that were seen on real units; the others are made up but stable. */
const seenNumbers: Record<string, string> = {
  eParamID_ReplicatorRecordState: "2097225226",
  eParamID_RegisterRecallResult: "1560412160",
  eParamID_VideoInSelect: "33619978",
};

export function paramNumber(id: string): string {
  const made = createHash("sha1").update(id).digest().readUInt32BE(0) & 0x7fffffff;
  return seenNumbers[id] ?? String(made);
}

/** Families with members `_1`..`_10`; the unnumbered form is the selected profile's working copy. */
const families = catalogue
  .filter(({ id }) => byId.has(`${id}_1`) && byId.has(`${id}_10`))
  .map(({ id }) => id);
const selectorOf = (family: string) =>
  /^eParamID_(Streaming|StreamType|RTMP|RTSP|RTP)/.test(family)
    ? "eParamID_StreamingProfileSel"
    : "eParamID_RecordingProfileSel";

function restingValue(parameter: Parameter): string {
  if (parameter.type !== "alarm") return parameter.default;
  return parameter.id.endsWith("larm") ? encodeAlarm(alarmAtRest(parameter)) : "";
}

/**
 * The values of one device. `write` is the device's own hand (no checks); `set` is a visitor's.
 * Listeners hear every change, with the working copies already carried along.
 */
export class Parameters {
  readonly #values = new Map<string, string>();
  readonly #listeners = new Set<(id: string, value: string) => void>();
  /** What this unit has of its own, such as its serial number. */
  readonly #own: Record<string, string>;

  readonly #model: HeloModel;

  constructor(overrides: Record<string, string> = {}, model: HeloModel = "classic") {
    this.#model = model;
    this.#own = model === "plus" ? { ProductID: "HELO Plus", ...overrides } : overrides;
    if (model === "plus")
      for (const { id, default: standard } of plusOnly) this.#values.set(id, standard);
    for (const parameter of catalogue) this.#values.set(parameter.id, restingValue(parameter));
    for (const [id, value] of Object.entries(this.#own)) this.write(id, value);
    for (const family of families) this.#copyToWorking(family);
  }

  /** Whether a visitor finds it. */
  has(id: string): boolean {
    const name = fullId(id);
    return this.#values.has(name) && !(this.#model === "plus" && classicOnly.has(name));
  }

  /** Rejects an id that is not in the catalogue: a slip of the simulator or the test. */
  read(id: string): string {
    const value = this.#values.get(fullId(id));
    if (value === undefined) throw new Error(`a HELO has no parameter ${fullId(id)}`);
    return value;
  }

  number(id: string): number {
    return Number(this.read(id));
  }

  answer(id: string): ParameterAnswer {
    const name = fullId(id);
    const value = this.read(name);
    return { paramid: paramNumber(name), name, value, value_name: this.#valueName(name, value) };
  }

  /** Says why a visitor's set is refused; undefined when it is fine. */
  fault(id: string, value: string): SetFault | undefined {
    const parameter = byId.get(fullId(id));
    if (parameter === undefined || !this.has(id)) return "unknown";
    if (parameter.access === "ro") return "readOnly";
    if (parameter.type === "enum")
      return parameter.enum?.[value] === undefined ? "outOfRange" : undefined;
    if (parameter.type !== "integer") return undefined;
    const within =
      /^-?\d+$/.test(value) &&
      Number(value) >= Number(parameter.min) &&
      Number(value) <= Number(parameter.max);
    return within ? undefined : "outOfRange";
  }

  /** Writes without checks and carries profile members and working copies along. */
  write(id: string, value: string): void {
    const name = fullId(id);
    const before = this.read(name);
    this.#values.set(name, value);
    if (before !== value && this.has(name))
      for (const listener of this.#listeners) listener(name, value);
    if (this.#model === "plus" && name === "eParamID_StreamingDuration")
      this.write("Stream1_Duration", value);
    this.#mirror(name, value);
  }

  /** @returns ends the listening */
  onChange(listener: (id: string, value: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What a power cycle does to memory. */
  forgetEphemeral(): void {
    for (const parameter of catalogue)
      if (!parameter.persistent && !families.includes(parameter.id))
        this.write(parameter.id, restingValue(parameter));
    for (const [id, value] of Object.entries(this.#own))
      if (byId.get(fullId(id))?.access === "ro") this.write(id, value);
    for (const family of families) this.#copyToWorking(family);
  }

  /** The part of the settings that a preset keeps. */
  presetValues(): Map<string, string> {
    const kept = catalogue.filter(({ inPreset, access }) => inPreset && access === "rw");
    return new Map(kept.map(({ id }) => [id, this.read(id)]));
  }

  all(): Record<string, string> {
    return Object.fromEntries([...this.#values].filter(([id]) => this.has(id)));
  }

  #valueName(id: string, value: string): string {
    const parameter = byId.get(id);
    if (parameter?.type === "enum") return parameter.enum?.[value] ?? "";
    return parameter?.type === "integer" ? value : "";
  }

  #mirror(id: string, value: string): void {
    if (id.endsWith("ProfileSel")) {
      for (const family of families) if (selectorOf(family) === id) this.#copyToWorking(family);
      return;
    }
    if (families.includes(id)) {
      const member = `${id}_${this.number(selectorOf(id)) + 1}`;
      if (this.read(member) !== value) this.write(member, value);
      return;
    }
    const family = id.replace(/_\d+$/, "");
    if (family !== id && families.includes(family)) this.#copyToWorking(family);
  }

  #copyToWorking(family: string): void {
    const value = this.read(`${family}_${this.number(selectorOf(family)) + 1}`);
    if (this.read(family) !== value) this.write(family, value);
  }
}

/** The descriptor of one parameter as `/descriptors` and `/desc.json` show it. */
export function descriptor(parameter: Parameter): Record<string, unknown> {
  const isAlarm = parameter.type === "alarm";
  const classes = [
    ...(parameter.access === "ro" ? ["readonly"] : []),
    ...(isAlarm && parameter.id.endsWith("larm") ? ["alarm"] : []),
  ];
  return {
    param_type: isAlarm ? "data" : parameter.type,
    descriptor_type: isAlarm ? "data" : parameter.type,
    param_id: parameter.id,
    param_name: parameter.name,
    persistence_type: parameter.persistent ? "persistent" : "ephemeral",
    register_type: parameter.inPreset ? "included" : "excluded",
    factory_reset_type: parameter.persistent ? "warm" : "never",
    relations: {},
    class_names: classes,
    string_attributes: [{ name: "description", value: parameter.name }],
    integer_attributes: [],
    enum_values: Object.entries(parameter.enum ?? {}).map(([value, text]) => ({
      value: Number(value),
      text,
      short_text: text,
    })),
    min_value: Number(parameter.min ?? 0),
    max_value: Number(parameter.max ?? 0),
    default_value: parameter.type === "integer" ? Number(parameter.default) : parameter.default,
    adjust_by: 1,
    scale_by: 1,
    offset_by: 0,
    display_precision: 0,
    units: "",
  };
}
