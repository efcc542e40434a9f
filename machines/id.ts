import { z } from "zod";

/** Letters of the longest id. */
export const idLimit = 63;
const shapeOfId = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** A stable name for a role (never a display name). Valid as an MQTT level and a REST path part. */
export const Id = z
  .string()
  .regex(shapeOfId, "lower-case letters, digits and -, at most 63")
  .meta({ id: "Id" });
export type Id = z.infer<typeof Id>;
export const isId = (text: string): text is Id => shapeOfId.test(text);

/** What an actor is. The same words stand in topics, REST paths and events. */
export const kinds = [
  "encoder",
  "stream",
  "destination",
  "storage",
  "ingest",
  "output",
  "job",
  "ad-break",
  "certificate",
  "alert",
  "site",
] as const;
export const Kind = z.enum(kinds);
export type Kind = z.infer<typeof Kind>;

/** One word of a closed list. A word we do not know (a site upgraded first) reads as "unknown". */
export function word<const W extends readonly [string, ...string[]]>(words: W) {
  return z.enum([...words, "unknown"] as [...W, "unknown"]).catch("unknown");
}
