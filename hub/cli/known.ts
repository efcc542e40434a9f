/** What there is of a kind, to be offered where somebody types. */
import type { HubClient } from "../client/client.ts";

const lists = {
  site: "sites",
  stream: "streams",
  encoder: "encoders",
  storage: "storage",
  ingest: "ingests",
  output: "outputs",
  destination: "destinations",
} as const;
export type KnownKind = keyof typeof lists;
export const isKnownKind = (kind: string): kind is KnownKind => Object.hasOwn(lists, kind);

export type Known = { id: string; ref?: string; name?: string };

export function known(hub: HubClient, kind: KnownKind, signal?: AbortSignal): AsyncIterable<Known> {
  return hub.list(lists[kind], {}, signal);
}
