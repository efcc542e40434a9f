/** From bytes on the wire to something we may believe, or the reason why not. */
import { isUtf8 } from "node:buffer";
import { z } from "zod";
import type { SiteEvent } from "../../machines/site/site.contract.ts";
import { Incident } from "../../machines/stream/stream.contract.ts";

export type Read<T> = { ok: true; value: T } | { ok: false; reason: string; json?: unknown };

export function readText(payload: Buffer): Read<string> {
  const text = payload.toString();
  // What is not UTF-8 reads as this character, which a text may also have in it.
  if (text.includes("\ufffd") && !isUtf8(payload)) return { ok: false, reason: "not UTF-8" };
  return { ok: true, value: text };
}

export function readAny(text: string): Read<unknown> {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, reason: "not JSON" };
  }
}

/** One JSON object by its schema. Fields the schema does not know never fail it. */
export function readJson<T>(payload: Buffer, schema: z.ZodType<T>): Read<T> {
  const text = readText(payload);
  if (!text.ok) return text;
  const read = readAny(text.value);
  if (!read.ok) return read;
  const parsed = schema.safeParse(read.value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, reason: firstIssue(parsed.error), json: read.value };
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

export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue ? `${issue.path.join(".") || "(whole)"}: ${issue.message}` : "does not match";
}
