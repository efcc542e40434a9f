/**
 * A state as the hub holds it: the text that arrived, and beside it the few words that every
 * message and every summary asks for. Most states are replaced before anybody looks at one. Held
 * as objects, a hundred each, they are most of what its garbage collector has to do.
 */
import { z } from "zod";
import { stateSchemas } from "../machines/contract.ts";
import { Published } from "../machines/published.ts";
import { firstIssue, readAny, type Read } from "./ingest/read.ts";

/** A readable state, with the fields we do not know kept beside those we do. */
export type KnownState = Published & Record<string, unknown>;

/** States are most of what arrives: theirs are checked by code made for each schema. */
const schemas = new Map<string, z.ZodType<Published>>(
  Object.entries(stateSchemas).map(([kind, schema]) => [kind, z.compile(schema)]),
);

export class HeldState {
  readonly kind: string;
  readonly text: string;
  readonly epoch: string;
  readonly seq: number;
  readonly session: string;
  /** What a summary counts by, and a stream's encoder. */
  readonly link: unknown;
  readonly thermal: unknown;
  readonly carriage: unknown;
  readonly understudy: unknown;
  readonly encoder: unknown;
  #whole: KnownState | undefined;
  #isLookedAt = false;

  /** @param whole what `text` says @param before what it takes the place of */
  constructor(kind: string, text: string, whole: KnownState, before: HeldState | null) {
    this.kind = kind;
    this.text = text;
    this.epoch = whole.epoch;
    this.seq = whole.seq;
    this.session = whole.session;
    this.link = whole["link"];
    this.thermal = whole["thermal"];
    this.carriage = whole["carriage"];
    this.understudy = whole["understudy"];
    this.encoder = whole["encoder"];
    // Who was looked at will be looked at again: it need not be read twice.
    if (before !== null && before.#isLookedAt) this.#whole = whole;
  }

  get whole(): KnownState {
    this.#isLookedAt = true;
    if (!this.#whole) {
      const read = readState(this.kind, this.text);
      if (!read.ok) throw new Error(`a state that could be read cannot be: ${read.reason}`);
      this.#whole = read.value;
    }
    return this.#whole;
  }
}

/**
 * A published state. A kind this hub has no schema for is held to what every state carries;
 * unknown fields stay, unknown words read as "unknown".
 */
export function readState(kind: string, text: string): Read<KnownState> {
  const whole = readAny(text);
  if (!whole.ok) return whole;
  const json = whole.value;
  const parsed = (schemas.get(kind) ?? Published).safeParse(json);
  if (!parsed.success) return { ok: false, reason: firstIssue(parsed.error), json };
  return { ok: true, value: withUnknown(parsed.data, json as Record<string, unknown>) };
}

/** @param known made by a schema, and ours to write to. Names that every object has are left out. */
function withUnknown(known: Published, json: Record<string, unknown>): KnownState {
  const whole: KnownState = known;
  for (const key of Object.keys(json)) if (!(key in whole)) whole[key] = json[key];
  return whole;
}
