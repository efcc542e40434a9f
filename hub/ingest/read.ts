/** From bytes on the wire to something we may believe, or the reason why not. */
import { isUtf8 } from "node:buffer";
import { z } from "zod";
import { stateSchemas } from "../../machines/contract.ts";
import { Published } from "../../machines/published.ts";
import type { SiteEvent } from "../../machines/site/site.contract.ts";
import { Incident } from "../../machines/stream/stream.contract.ts";
import type { KnownState } from "../view.ts";

export type Read<T> = { ok: true; value: T } | { ok: false; reason: string; json?: unknown };

/** States are most of what arrives: theirs are checked by code made for each schema. */
const schemas = new Map<string, z.ZodType<Published>>(
  Object.entries(stateSchemas).map(([kind, schema]) => [kind, z.compile(schema)]),
);

export function readText(payload: Uint8Array): Read<string> {
  if (!isUtf8(payload)) return { ok: false, reason: "not UTF-8" };
  const { buffer, byteOffset, byteLength } = payload;
  return { ok: true, value: Buffer.from(buffer, byteOffset, byteLength).toString() };
}

function readAny(payload: Uint8Array): Read<unknown> {
  const text = readText(payload);
  if (!text.ok) return text;
  try {
    return { ok: true, value: JSON.parse(text.value) as unknown };
  } catch {
    return { ok: false, reason: "not JSON" };
  }
}

/** One JSON object by its schema. Fields the schema does not know never fail it. */
export function readJson<T>(payload: Uint8Array, schema: z.ZodType<T>): Read<T> {
  const read = readAny(payload);
  if (!read.ok) return read;
  const parsed = schema.safeParse(read.value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, reason: firstIssue(parsed.error), json: read.value };
}

/**
 * A published state. A kind this hub has no schema for is held to what every state carries;
 * unknown fields stay, unknown words read as "unknown".
 */
export function readState(kind: string, payload: Uint8Array): Read<KnownState> {
  const whole = readAny(payload);
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

const Numbered = z.object({ epoch: z.string(), seq: z.number().int().positive() });

/** The place of an event that failed its schema, if at least that can be read. */
export function numberOf(json: unknown): { epoch: string; seq: number } | undefined {
  return Numbered.safeParse(json).data;
}

/** A note stands for the events from there up to itself: the site had to give them up. */
export function standsFrom({ type, data }: SiteEvent): number | undefined {
  if (type !== "outbox_truncated") return undefined;
  return z.number().int().positive().safeParse(data["fromSeq"]).data;
}

/** The incident an event carries, whole as of that event. */
export function incidentOf(data: Record<string, unknown>): Read<Incident> | undefined {
  if (data["incident"] === undefined) return undefined;
  const parsed = Incident.safeParse(data["incident"]);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, reason: `data.incident: ${firstIssue(parsed.error)}` };
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue ? `${issue.path.join(".") || "(whole)"}: ${issue.message}` : "does not match";
}
