/** A site's event in the form that other systems know (https://cloudevents.io, 1.0, JSON). */
import type { NumberedEvent } from "../store/store.ts";

export const contentType = "application/cloudevents+json; charset=utf-8";

export type CloudEvent = {
  specversion: "1.0";
  /** The same at each try: a receiver that has it already drops it. */
  id: string;
  source: string;
  type: string;
  subject: string;
  time: string;
  datacontenttype: "application/json";
  data: unknown;
};

export function cloudEvent(hub: string, { site, event }: Omit<NumberedEvent, "n">): CloudEvent {
  const { epoch, seq, atMs, type, subject, severity, message, data } = event;
  return {
    specversion: "1.0",
    id: `${site}.${epoch}.${seq}`,
    source: `urn:understudy:${hub}:${site}`,
    type: `understudy.${type}`,
    subject: `${subject.kind}/${subject.id}`,
    time: new Date(atMs).toISOString(),
    datacontenttype: "application/json",
    data: { site, severity, message, ...data },
  };
}

/** What `POST /webhooks/{id}/test` sends. */
export function pingEvent(hub: string, id: string, nowMs: number): CloudEvent {
  return {
    specversion: "1.0",
    id: `ping.${id}.${nowMs}`,
    source: `urn:understudy:${hub}`,
    type: "understudy.ping",
    subject: `webhook/${id}`,
    time: new Date(nowMs).toISOString(),
    datacontenttype: "application/json",
    data: { message: "This is a test. Nothing has happened." },
  };
}

/** @param types words, or `stream.*` for all that begin so; null = all */
export function isWanted(
  { types, sites }: { types: string[] | null; sites: string[] | null },
  { site, event }: Omit<NumberedEvent, "n">,
): boolean {
  if (sites !== null && !sites.includes(site)) return false;
  return (
    types === null ||
    types.some((type) =>
      type.endsWith(".*") ? event.type.startsWith(type.slice(0, -1)) : event.type === type,
    )
  );
}
