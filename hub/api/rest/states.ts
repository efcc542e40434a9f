/** Sites, encoders, streams, destinations and storage as they are now. */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { refOf, type View } from "../../view.ts";
import {
  DestinationItem,
  EncoderItem,
  pageOf,
  SiteItem,
  StorageItem,
  StreamItem,
  type Items,
} from "../items.ts";
import { PageQuery, sendJson, sendPage } from "../pages.ts";
import { Problem, problems } from "../problem.ts";
import { actorBy, Ref, siteBy } from "../subject.ts";

export const stateRoutes: FastifyPluginAsyncZod<{ view: View; items: Items }> = async (
  app,
  { view, items },
) => {
  const missing = { 404: Problem, 409: Problem };
  const bySite = PageQuery.extend({ site: z.string().optional() });

  app.get(
    "/sites",
    { schema: { querystring: PageQuery, response: { 200: pageOf(SiteItem), ...problems } } },
    async (request, reply) => {
      const all = [...view.sites.values()].sort((a, b) => (a.site < b.site ? -1 : 1));
      return sendPage(request, reply, all, request.query, (s) => s.site, items.site);
    },
  );
  app.get(
    "/sites/:site",
    {
      schema: {
        params: z.object({ site: z.string() }),
        response: { 200: SiteItem, 404: Problem, ...problems },
      },
    },
    async (request, reply) =>
      sendJson(request, reply, items.site(siteBy(view, request.params.site))),
  );

  const kinds = [
    { path: "encoders", kind: "encoder", item: EncoderItem, also: "status" },
    { path: "streams", kind: "stream", item: StreamItem, also: "health" },
    { path: "destinations", kind: "destination", item: DestinationItem, also: null },
    { path: "storage", kind: "storage", item: StorageItem, also: null },
  ] as const;
  for (const { path, kind, item, also } of kinds) {
    app.get(
      `/${path}`,
      { schema: { querystring: bySite, response: { 200: pageOf(item), ...problems } } },
      async (request, reply) => {
        const { site } = request.query;
        const all = view.shown(kind).filter((a) => site === undefined || a.site === site);
        return sendPage(request, reply, all, request.query, refOf, items.actor);
      },
    );
    for (const url of [`/${path}/:id`, ...(also ? [`/${path}/:id/${also}`] : [])]) {
      app.get(
        url,
        {
          schema: {
            params: z.object({ id: Ref }),
            response: { 200: item, ...missing, ...problems },
          },
        },
        async (request, reply) =>
          sendJson(request, reply, items.actor(actorBy(view, kind, request.params.id))),
      );
    }
  }
};
