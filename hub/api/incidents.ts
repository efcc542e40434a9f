/** Stored incidents as one caller may read them, for every surface. */
import type { Caller } from "../auth/caller.ts";
import type { Incident } from "../../machines/stream/stream.contract.ts";
import type { IncidentQuery, Paged, Store } from "../store/store.ts";
import { decodeCursor, encodeCursor } from "./pages.ts";
import { ApiProblem } from "./problem.ts";

export type StoredIncident = { site: string; incident: Incident };

export type IncidentWish = {
  limit: number;
  cursor?: string | undefined;
  site?: string | undefined;
  /** A stream's id, or `<site>~<stream>`. */
  stream?: string | undefined;
  /** ISO 8601. */
  since?: string | undefined;
};

/** Newest first. @throws ApiProblem 400 for a cursor that was never ours */
export async function incidentPage(
  store: Pick<Store, "incidents">,
  { sites }: Pick<Caller, "sites">,
  { limit, cursor, site, stream, since }: IncidentWish,
): Promise<Paged<StoredIncident>> {
  const before = decodeCursor(cursor, /^\d+\/[a-z0-9-]+\/.+$/);
  const page = await store.incidents({
    limit,
    ...(before !== undefined && { before }),
    ...(site !== undefined && { site }),
    ...split(stream),
    ...(sites && { sites: [...sites] }),
    ...(since !== undefined && { sinceMs: Date.parse(since) }),
  });
  return { items: page.items, next: page.next === null ? null : encodeCursor(page.next) };
}

/** @throws ApiProblem 404 `unknown_incident`, 409 `ambiguous_id` with the candidates */
export async function incidentBy(
  store: Pick<Store, "incidentsById">,
  { sites }: Pick<Caller, "sites">,
  id: string,
): Promise<StoredIncident> {
  const [site, own] = id.split(/~(.*)/s, 2);
  const all = [
    ...(await store.incidentsById(id)),
    ...(own === undefined ? [] : await store.incidentsById(own, site)),
  ];
  const found = all.filter((one) => sites?.has(one.site) ?? true);
  const [first, ...others] = found;
  if (!first) throw new ApiProblem(404, "unknown_incident", `no incident ${id}`);
  if (others.length > 0) {
    const candidates = found.map((f) => `${f.site}~${f.incident.id}`);
    throw new ApiProblem(409, "ambiguous_id", `several sites have ${id}`, { candidates });
  }
  return first;
}

/** `<site>~<id>` names its site, too. */
function split(ref: string | undefined): Pick<IncidentQuery, "site" | "stream"> {
  if (ref === undefined) return {};
  const [first = "", second] = ref.split("~");
  return second === undefined ? { stream: first } : { site: first, stream: second };
}
