/** What happened: incidents with their off-air time, and every decision. */
import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Store } from "../../store/store.ts";
import { callerOf } from "../auth.ts";
import { incidentBy, incidentPage, type StoredIncident } from "../incidents.ts";
import { EventItem, IncidentItem, pageOf } from "../items.ts";
import { decodeCursor, encodeCursor, pageJson, PageQuery, sendJson } from "../pages.ts";
import { Problem, problems } from "../problem.ts";
import { toIso } from "../times.ts";

type Needs = { store: Pick<Store, "events" | "incidents" | "incidentsById"> };

export const incidentItem = ({ site, incident }: StoredIncident) =>
  JSON.stringify({ ref: `${site}~${incident.id}`, site, ...(toIso(incident) as object) });

const since = z.iso.datetime({ offset: true }).optional();
const sinceMsOf = (iso: string | undefined) =>
  iso === undefined ? {} : { sinceMs: Date.parse(iso) };

export const historyRoutes: FastifyPluginAsyncZod<Needs> = async (app, { store }) => {
  const config = { access: "watch" } as const;
  app.get(
    "/incidents",
    {
      config,
      schema: {
        querystring: PageQuery.extend({
          site: z.string().optional(),
          stream: z.string().optional().describe("stream id, or <site>~<stream>"),
          since,
        }),
        response: { 200: pageOf(IncidentItem), ...problems },
      },
    },
    async (request, reply) => {
      const { items, next } = await incidentPage(store, callerOf(request), request.query);
      return sendJson(request, reply, pageJson(items.map(incidentItem), next), next);
    },
  );

  app.get(
    "/incidents/:id",
    {
      config,
      schema: {
        params: z.object({ id: z.string().max(200) }),
        response: { 200: IncidentItem, 404: Problem, 409: Problem, ...problems },
      },
    },
    async (request, reply) => {
      const found = await incidentBy(store, callerOf(request), request.params.id);
      return sendJson(request, reply, incidentItem(found));
    },
  );

  app.get(
    "/events",
    {
      config,
      schema: {
        querystring: PageQuery.extend({
          site: z.string().optional(),
          kind: z.string().optional(),
          subject: z.string().optional().describe("id of the actor it is about"),
          type: z.string().optional(),
          since,
        }),
        response: { 200: pageOf(EventItem), ...problems },
      },
    },
    async (request, reply) => {
      const { limit, cursor, since: from, ...query } = request.query;
      const before = decodeCursor(cursor, /^\d+$/);
      const wanted = Object.entries(query).filter(([, value]) => value !== undefined);
      const page = await store.events({
        limit,
        ...(before !== undefined && { before }),
        ...(Object.fromEntries(wanted) as Record<string, string>),
        ...ownSites(request),
        ...sinceMsOf(from),
      });
      const items = page.items.map(({ site, event, receivedAtMs }) =>
        JSON.stringify({ site, ...(toIso({ ...event, receivedAtMs }) as object) }),
      );
      const next = page.next === null ? null : encodeCursor(page.next);
      return sendJson(request, reply, pageJson(items, next), next);
    },
  );
};

/** A caller who is limited to some sites reads of no other. */
function ownSites(request: FastifyRequest) {
  const { sites } = callerOf(request);
  return sites ? { sites: [...sites] } : {};
}
