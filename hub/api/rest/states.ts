/** Sites, encoders, streams, destinations and storage as they are now. */
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { seenBy } from "../../auth/own-sites.ts";
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
  const config = { access: "watch" } as const;
  const missing = { 404: Problem, 409: Problem };
  const bySite = PageQuery.extend({ site: z.string().optional() });

  app.get(
    "/sites",
    {
      config,
      schema: { querystring: PageQuery, response: { 200: pageOf(SiteItem), ...problems } },
    },
    async (request, reply) => {
      const { sites } = seenBy(request.caller, view);
      const all = [...sites.values()].sort((a, b) => (a.site < b.site ? -1 : 1));
      return sendPage(request, reply, all, request.query, (s) => s.site, items.site);
    },
  );
  app.get(
    "/sites/:site",
    {
      config,
      schema: {
        params: z.object({ site: z.string() }),
        response: { 200: SiteItem, 404: Problem, ...problems },
      },
    },
    async (request, reply) =>
      sendJson(
        request,
        reply,
        items.site(siteBy(seenBy(request.caller, view), request.params.site)),
      ),
  );

  const kinds = [
    { path: "encoders", kind: "encoder", item: EncoderItem, also: "status" },
    { path: "streams", kind: "stream", item: StreamItem, also: null },
    { path: "destinations", kind: "destination", item: DestinationItem, also: null },
    { path: "storage", kind: "storage", item: StorageItem, also: null },
  ] as const;
  for (const { path, kind, item, also } of kinds) {
    app.get(
      `/${path}`,
      { config, schema: { querystring: bySite, response: { 200: pageOf(item), ...problems } } },
      async (request, reply) => {
        const { site } = request.query;
        const seen = seenBy(request.caller, view);
        const all = seen.shown(kind).filter((a) => site === undefined || a.site === site);
        return sendPage(request, reply, all, request.query, refOf, items.actor);
      },
    );
    for (const url of [`/${path}/:id`, ...(also ? [`/${path}/:id/${also}`] : [])]) {
      app.get(
        url,
        {
          config,
          schema: {
            params: z.object({ id: Ref }),
            response: { 200: item, ...missing, ...problems },
          },
        },
        async (request, reply) =>
          sendJson(
            request,
            reply,
            items.actor(actorBy(seenBy(request.caller, view), kind, request.params.id)),
          ),
      );
    }
  }
};
