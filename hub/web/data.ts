/** Reading the hub and asking it for something. */
import {
  type Command,
  contentOf,
  type ItemOf,
  type ListName,
  openHubClient,
  type Schemas,
} from "../client/client.ts";
import type { Board } from "./items.ts";
import { renew, token } from "./login.ts";
import type { List } from "./talk.ts";

/** What the hub's clock said with its last answer, ms. */
let hubMs: number | null = null;
const hub = openHubClient({ hub: location.origin, key: token, fetch: send });

/** Again with a new token, where the one that was sent has ended. */
async function send(request: Request): Promise<Response> {
  const used = token();
  const again = request.clone();
  const response = await fetch(request);
  const date = response.headers.get("Date");
  hubMs = date === null ? null : Date.parse(date);
  if (response.status !== 401 || !(await renew(used).catch(() => false))) return response;
  again.headers.set("Authorization", `Bearer ${token()}`);
  return fetch(again);
}

async function all<N extends ListName>(of: N): Promise<ItemOf<N>[]> {
  const found: ItemOf<N>[] = [];
  for await (const item of hub.list(of)) found.push(item);
  return found;
}

/** @throws HubError */
export async function readBoard(): Promise<Board> {
  const [sites, streams, encoders, destinations, storage, incidents] = await Promise.all([
    all("sites"),
    all("streams"),
    all("encoders"),
    all("destinations"),
    all("storage"),
    hub.api.GET("/api/incidents", { params: { query: { limit: 20 } } }),
  ]);
  // A Date header has whole seconds: on average half of one is missing.
  const offset = hubMs === null ? 0 : hubMs + 500 - Date.now();
  return {
    ...{ sites, streams, encoders, destinations, storage },
    incidents: incidents.data?.items ?? [],
    clockOffsetMs: Math.abs(offset) < 1_500 ? 0 : offset,
  };
}

/** Small pictures of all there is to be seen. @throws HubError */
export async function readThumbnails() {
  const query = { pictures: "true" } as const;
  return (await contentOf(hub.api.GET("/api/thumbnails", { params: { query } }))).items;
}

export type ConnectionHistory = Schemas["ConnectionHistory"];
/** Of the last day. @throws HubError */
export async function connectionHistory(ref: string): Promise<ConnectionHistory> {
  const params = { path: { id: ref } };
  return contentOf(hub.api.GET("/api/encoders/{id}/connection/history", { params }));
}

const kinds = {
  streams: "stream",
  encoders: "encoder",
  storage: "storage",
  sites: "site",
} as const;
/** Also of what was refused before a site was asked. */
export type Answer = { status: string } & Partial<Pick<Command, "code" | "message" | "data">>;

/**
 * Asks the site and waits up to 10 s for what it says.
 * @param asked with `dryRun` only what would happen
 * @throws HubError
 */
export async function command(
  { list, ref }: { list: List; ref: string },
  asked: { verb: string; args?: Readonly<Record<string, unknown>>; dryRun?: true },
): Promise<Answer> {
  return hub.command({ kind: kinds[list], ref }, asked, { waitMs: 10_000 });
}
