/**
 * A typed client of the hub's REST API, for everything that has `fetch`. Every route is in `api`,
 * by its path; the rest spares what each caller would write again.
 */
import createClient, { type Client } from "openapi-fetch";
import { openCommands, type Commands } from "./commands.ts";
import { openLists, type Lists } from "./lists.ts";
import type { components, paths } from "./schema.ts";
import { sender } from "./sender.ts";

export { HubError } from "./hub-error.ts";
export { isEnded, type Asked, type Command, type Subject, type Waiting } from "./commands.ts";
export type { ItemOf, ListName, QueryOf } from "./lists.ts";
/** What the hub sends and takes, by name: `Schemas["StreamItem"]`. */
export type Schemas = components["schemas"];
export type { paths };

export type HubOptions = {
  /** `https://hub.example.org`; "" in a page that the hub itself serves. */
  hub: string;
  /** An API key or an access token. A function is asked before each request. */
  key?: string | (() => string | undefined);
  /** How long the hub may take for one answer, ms; 15 s when left out. */
  answersWithinMs?: number;
  /** Instead of the global one. */
  fetch?: (request: Request) => Promise<Response>;
};

export type HubClient = Lists &
  Commands & {
    /** `GET("/api/streams/{id}", { params: { path: { id: "main" } } })`. Rejects with `HubError`. */
    readonly api: Client<paths>;
  };

export function openHubClient(options: HubOptions): HubClient {
  const api = createClient<paths>({ baseUrl: options.hub, fetch: sender(options) });
  return { api, ...openLists(api), ...openCommands(api) };
}

/** What an answer of `api` holds, which is there: an error is thrown. */
export async function contentOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
